/** An npm registry on this machine that serves one small package with a TensorFlow.js model in it. */
import type { ZooEntry } from "../../models/zoo.ts";
import { sha256 } from "../../src/cli/cache.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { readTfjs } from "../../src/formats/tfjs.ts";

/** A package, and the zoo's entry of the model in it. */
export interface Sample {
  readonly entry: ZooEntry;
  readonly archive: Uint8Array<ArrayBuffer>;
}

/** How an archive is served: `attempt` counts from 1. */
export type Serve = (archive: Uint8Array<ArrayBuffer>, attempt: number) => Response;

/** A registry that listens until it is disposed. */
export interface Registry extends AsyncDisposable {
  readonly url: string;
  /** How often the archive was asked for. */
  readonly attempts: number;
}

const NAME = "sample-model";
const VERSION = "1.2.3";

/** A model of one convolution, 1x1x2x2; a file beside it makes the archive a megabyte that does not compress. */
export async function samplePackage(): Promise<Sample> {
  const attr = (shape: number[]) => ({
    dtype: { type: 1 },
    shape: { shape: { dim: shape.map((size) => ({ size })) } },
  });
  const model = {
    modelTopology: {
      node: [
        { name: "x", op: "Placeholder", input: [], attr: attr([1, 4, 4, 2]) },
        { name: "w", op: "Const", input: [], attr: attr([1, 1, 2, 2]) },
        {
          name: "y",
          op: "Conv2D",
          input: ["x", "w"],
          attr: {
            strides: { list: { i: [1, 1, 1, 1] } },
            padding: { s: btoa("SAME") },
            dataFormat: { s: btoa("NHWC") },
          },
        },
      ],
    },
    weightsManifest: [{ paths: ["shard1"], weights: [{ name: "w", shape: [1, 1, 2, 2], dtype: "float32" }] }],
  };
  const shard = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer);
  const archive = await gzip(tar({
    "package/package.json": encode(JSON.stringify({ name: NAME, version: VERSION })),
    "package/padding.bin": noise(2 ** 20),
    "package/models/small/model.json": encode(JSON.stringify(model)),
    "package/models/small/shard1": shard,
  }));
  const integrity = `sha512-${
    btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-512", archive))))
  }`;
  const name = "small";
  const licence = "MIT";
  const labels = [{ name: "thing", categoryId: 1 }];
  const npm = `${NAME}@${VERSION}`;
  const file = writeSafetensors(
    await readTfjs(model, () => shard, {
      name,
      licence,
      origin: { source: `npm:${npm}`, integrity },
      labels,
    }),
  );
  const entry: ZooEntry = {
    name,
    task: "detect",
    input: "4x4",
    parameters: 4,
    macs: 64,
    licence,
    accuracy: { metric: "none", value: 0, source: "none" },
    labels,
    source: { npm, integrity, bytes: archive.length, file: "models/small/model.json" },
    bytes: file.length,
    sha256: await sha256(file),
  };
  return { entry, archive };
}

/** Starts a registry for a package; `serve` may answer as bad servers do. */
export function startRegistry({ entry, archive }: Sample, serve: Serve = whole): Registry {
  let attempts = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {}, onError }, (request) => {
    const { pathname, origin } = new URL(request.url);
    if (pathname === `/${NAME}.tgz`) return serve(archive, ++attempts);
    if (pathname !== `/${NAME}`) return new Response("{}", { status: 404 });
    const dist = { tarball: `${origin}/${NAME}.tgz`, integrity: entry.source.integrity };
    return Response.json({
      name: NAME,
      "dist-tags": { latest: VERSION },
      versions: { [VERSION]: { name: NAME, version: VERSION, dist } },
    });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    get attempts() {
      return attempts;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Serves the archive as it is. */
export function whole(archive: Uint8Array<ArrayBuffer>): Response {
  return new Response(archive);
}

/** Serves the first half, then cuts the connection. */
export function cut(archive: Uint8Array<ArrayBuffer>): Response {
  const half = archive.subarray(0, archive.length / 2);
  const body = new ReadableStream({
    async pull(controller) {
      if (controller.desiredSize === 1) controller.enqueue(half);
      await new Promise((resolve) => setTimeout(resolve, 50)); // lets the half leave
      controller.error(new Error("cut"));
    },
  });
  return new Response(body, { headers: { "content-length": String(archive.length) } });
}

/** Serves the first half, then nothing for as long as the client waits. */
export function stall(archive: Uint8Array<ArrayBuffer>): Response {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(archive.subarray(0, archive.length / 2)),
  });
  return new Response(body, { headers: { "content-length": String(archive.length) } });
}

function onError(): Response {
  return new Response(null, { status: 500 });
}

/** Bytes that do not compress; the same every time. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = Math.imul(state, 1664525) + 1013904223 | 0) >>> 24);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Packs bytes as npm packs archives. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What headers of an archive may say that is not so. */
export interface Lies {
  /** Whether every entry is a symbolic link. */
  readonly link?: boolean;
  /** Length of every entry. */
  readonly size?: number;
}

/** A ustar archive (POSIX.1-1988, "pax", ustar interchange format) of regular files. */
export function tar(files: Readonly<Record<string, Uint8Array>>, lies: Lies = {}): Uint8Array<ArrayBuffer> {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = new Uint8Array(512);
    const put = (offset: number, text: string) => header.set(encode(text), offset);
    put(0, name);
    put(100, "0000644\0");
    put(124, (lies.size ?? content.length).toString(8).padStart(11, "0") + "\0");
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, lies.link ? "2elsewhere" : "0");
    put(257, "ustar\x0000");
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(148, sum.toString(8).padStart(6, "0") + "\0 ");
    return [header, content, new Uint8Array(-content.length & 511)];
  });
  blocks.push(new Uint8Array(1024));
  const bytes = new Uint8Array(blocks.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}
