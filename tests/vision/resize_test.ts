import { assert, assertEquals, assertThrows } from "@std/assert";
import { ImageError } from "../../src/errors.ts";
import type { Preprocessing } from "../../src/graph/model_info.ts";
import { type Build, instantiate, kernelModule } from "../../src/runtime/kernels.ts";
import { decodeImage } from "../../src/vision/decode.ts";
import type { RawImage } from "../../src/vision/image.ts";
import { placeImage } from "../../src/vision/placement.ts";
import { resizeImage, resizesToBytes } from "../../src/vision/resize.ts";
import { unpackRgba } from "../../src/ops/unpack_rgba.ts";
import { bilinearTaps, opencvTaps, pillowTaps, type Taps } from "../../src/vision/taps.ts";
import { BUILDS } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

const fixture = async (name: string): Promise<RawImage> =>
  await decodeImage(await Deno.readFile(new URL(`../fixtures/images/${name}`, import.meta.url)));

const plain: Preprocessing = {
  input: "x",
  width: 1,
  height: 1,
  resize: "half_pixel",
  scale: [1, 1, 1],
  offset: [0, 0, 0],
};
const pillow = { ...plain, antialias: true };
const opencv = { ...plain, resize: "opencv" } as const;

/** Resizes on a build, over memory of NaNs of which only what is allowed may change; bytes are unpacked as networks do. */
async function resizer(
  build: Build,
  pages = 16,
): Promise<(image: RawImage, spec: Preprocessing, rgba?: boolean) => Float32Array> {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
  const kernels = await instantiate(await kernelModule(build), memory);
  const output = 64;
  return (image, spec, rgba) => {
    const bytes = new Uint8Array(memory.buffer).fill(255);
    const pixels = spec.width * spec.height, size = pixels * (rgba ? 4 : 12), scratch = output + size + 64;
    let end = scratch;
    const target = {
      kernels,
      memory,
      scratch(size: number) {
        end += size;
        assert(end <= bytes.length, "the test's memory is too small");
        return scratch;
      },
    };
    resizeImage(image, spec, target, output, rgba);
    const untouched = (from: number, to: number) => bytes.subarray(from, to).every((byte) => byte === 255);
    assert(
      untouched(0, output) && untouched(scratch - (rgba ? 64 : 60), scratch) && untouched(end, bytes.length),
    );
    const written = new Float32Array(memory.buffer.slice(output, output + size));
    if (!rgba) return written;
    return unpackRgba.reference(spec, [{ shape: [pixels], data: written }], [spec.height, spec.width, 3]);
  };
}

/** A rule as one pixel's arithmetic on a channel: `across` weighs pixels of a row, `down` what that gave for rows. */
interface Plain {
  readonly taps: (...args: Parameters<typeof pillowTaps>) => Taps;
  across(values: readonly number[], weights: readonly number[]): number;
  down(values: readonly number[], weights: readonly number[]): number;
}

const { fround } = Math;
const interpolate = ([a, b]: readonly number[], [weight]: readonly number[]) =>
  fround(a + fround(fround(b - a) * weight));

function weigh(values: readonly number[], weights: readonly number[]): number {
  const sum = values.reduce((sum, value, i) => {
    const upper = (i >> 1) * 4 + (i & 1);
    return sum + value * (weights[upper] * 2048 + weights[upper + 2]);
  }, 0);
  return Math.min(255, Math.floor(sum / 2 ** 22 + 0.5));
}

const ruleOf = (spec: Preprocessing): Plain =>
  spec.antialias ? { taps: pillowTaps, across: weigh, down: weigh } : spec.resize === "opencv"
    ? {
      taps: opencvTaps,
      across: ([a, b], [left, right]) => a * left + b * right >> 4,
      down: ([a, b], [upper, lower]) => (a * upper >> 16) + (b * lower >> 16) + 2 >> 2,
    }
    : { taps: bilinearTaps(spec.resize), across: interpolate, down: interpolate };

function reference(image: RawImage, spec: Preprocessing): Float32Array {
  const { width, height, data, channels = 4 } = image;
  const place = placeImage(width, height, spec);
  const { taps, across, down } = ruleOf(spec);
  const columns = taps(width, place.width, 0, place.width, "x");
  const rows = taps(height, place.height, 0, place.height, "y");
  const weightsOf = ({ weights, starts }: Taps, i: number) => {
    const each = weights.length / starts.length;
    return Array.from(weights.subarray(i * each, (i + 1) * each));
  };
  const from = (start: number, count: number, size: number) =>
    Array.from({ length: count }, (_, i) => Math.min(Math.max(start + i, 0), size - 1));
  return new Float32Array(spec.height * spec.width * 3).map((_, i) => {
    const c = i % 3, x = (i - c) / 3 % spec.width - place.x;
    const y = Math.floor(i / 3 / spec.width) - place.y;
    const normalise = (value: number) =>
      fround(fround(value * fround(spec.scale[c])) + fround(spec.offset[c]));
    if (x < 0 || y < 0 || x >= place.width || y >= place.height) return normalise(spec.pad ?? 0);
    const channel = spec.channels === "bgr" ? 2 - c : c;
    const value = down(
      from(rows.starts[y], rows.count, height).map((row) =>
        across(
          from(columns.starts[x], columns.count, width).map((column) =>
            data[(row * width + column) * channels + channel]
          ),
          weightsOf(columns, x),
        )
      ),
      weightsOf(rows, y),
    );
    return normalise(value);
  });
}

for (const build of BUILDS) {
  const resize = await resizer(build);
  const label = `${build.simd} ${build.arch}`;

  for (const [rule, spec] of [["pillow", pillow], ["opencv", opencv]] as const) {
    Deno.test(`${label} resizes as ${rule} does, to the byte`, async () => {
      const truth = await fixture("truth.png");
      for (const [width, height] of [[13, 9], [61, 25], [13, 45]]) {
        const { data } = await fixture(`${rule}_${width}x${height}.png`);
        const resized = resize(truth, { ...spec, width, height });
        assertEquals([...resized], [...data].filter((_, i) => i % 4 < 3), `${width}x${height}`);
      }
    });
  }

  Deno.test(`${label} leaves a photo of the right size as it is, whatever the rule`, async () => {
    const truth = await fixture("truth.png"), size = { width: 48, height: 32 };
    const rules = [pillow, opencv, plain, { ...plain, resize: "tf_bilinear" } as const];
    for (const spec of [...rules, { ...plain, resize: "align_corners" } as const]) {
      assertEquals([...resize(truth, { ...spec, ...size })], [...truth.data].filter((_, i) => i % 4 < 3));
    }
  });

  Deno.test(`${label} equals the reference, bit for bit, as floats and as bytes`, () => {
    const seed = seedOf(31), random = new Random(seed), seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const [width, height] = [0, 0].map(() => random.pick([1, 2, 3, random.integer(1, 90)]));
      const channels = random.pick([3, 4] as const);
      const data = new Uint8Array(width * height * channels).map(() => random.integer(0, 255));
      const [w, h] = [width, height].map((size) => random.pick([1, 2, size, random.integer(1, 40)]));
      const spec: Preprocessing = {
        input: "x",
        width: w,
        height: h,
        resize: random.pick(["tf_bilinear", "half_pixel", "opencv", "align_corners"]),
        antialias: random.pick([true, false]),
        fit: random.pick(["stretch", "letterbox", "letterbox_top_left", "crop"]),
        cropFrom: Math.min(w, h) + random.integer(0, 3),
        pad: random.pick([114, 114, 127.5]),
        channels: random.pick(["rgb", "bgr"]),
        scale: [0.017, 1 / 58.4, 2],
        offset: [-2.1, 3, 0.3],
      };
      const image: RawImage = { data, width, height, channels };
      const label = `seed ${seed}, round ${i}, ${width}x${height}x${channels} ${JSON.stringify(spec)}`;
      const wanted = reference(image, spec);
      assertEquals(resize(image, spec), wanted, label);
      const place = placeImage(width, height, spec);
      const { pad = 0 } = spec, whole = place.width === width && place.height === height;
      const covered = place.x <= 0 && place.y <= 0 && place.x + place.width >= w &&
        place.y + place.height >= h;
      const ruled = spec.antialias || spec.resize === "opencv";
      if ((whole || ruled) && (covered || Number.isInteger(pad))) {
        assertEquals(resize(image, spec, true), wanted, `${label}, bytes`);
        seen.add(`${whole ? "whole" : ruled ? "ruled" : ""} ${channels}`);
      } else {
        assert(!resizesToBytes(spec), label);
        assertThrows(() => resize(image, spec, true), ImageError, `does not become whole bytes`, label);
        seen.add("refused");
      }
    }
    assertEquals(seen, new Set(["whole 3", "whole 4", "ruled 3", "ruled 4", "refused"]));
  });
}

Deno.test("half a million white pixels are white, though rounded weights come to more than 1", async () => {
  const resize = await resizer(BUILDS[0], 256), pixels = 507_212;
  const data = new Uint8Array(pixels * 3).fill(255);
  for (const [width, height] of [[pixels, 1], [1, pixels]]) {
    assertEquals([...resize({ data, width, height, channels: 3 }, pillow)], [255, 255, 255]);
  }
});
