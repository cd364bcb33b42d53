import { assert, assertEquals, assertThrows } from "@std/assert";
import { ImageError } from "../../src/errors.ts";
import { sniff } from "../../src/vision/sniff.ts";
import { decodeImage } from "../../src/vision/decode.ts";
import { Random, seedOf } from "../support/random.ts";

const IMAGES = new URL("../fixtures/images/", import.meta.url);
const read = (name: string) => Deno.readFileSync(new URL(name, IMAGES));

Deno.test("headers tell format, size, channels and orientation", () => {
  const { format, width, height, channels, orientation } = sniff(read("exif6.jpg"));
  assertEquals({ format, width, height, channels, orientation }, {
    format: "jpeg",
    width: 32,
    height: 48,
    channels: 3,
    orientation: 6,
  });
  assertEquals(sniff(read("cmyk.jpg")).channels, 4);
  for (const name of ["truth.png", "interlaced.png", "lossless.webp", "lossy.webp", "alpha.webp"]) {
    assertEquals([sniff(read(name)).width, sniff(read(name)).height], [48, 32], name);
  }
});

Deno.test("what is no picture of ours is named", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const cases: [Uint8Array, string, string][] = [
    [new Uint8Array(), "it is empty", "bad_image"],
    [text("hello there"), "it is text", "unsupported_image"],
    [text("GIF89a..."), "it is a GIF", "unsupported_image"],
    [text("\0\0\0\x18ftypheic"), "it is a HEIC", "unsupported_image"],
    [new Uint8Array(40).fill(1), "unknown format", "unsupported_image"],
    [read("animated.webp"), "animated", "unsupported_image"],
  ];
  for (const [bytes, message, code] of cases) {
    assertEquals(assertThrows(() => sniff(bytes), ImageError, message).code, code);
  }
});

Deno.test("a picture over the limit is refused by its header alone", () => {
  const header = read("truth.png").slice(0, 33);
  new DataView(header.buffer).setUint32(16, 40000);
  new DataView(header.buffer).setUint32(20, 40000);
  assertEquals(assertThrows(() => sniff(header), ImageError, "40000x40000").code, "image_too_large");
  assertEquals(assertThrows(() => sniff(read("baseline.jpg"), 100), ImageError).code, "image_too_large");
});

for (const name of ["baseline.jpg", "progressive.jpg", "truth.png", "lossless.webp", "lossy.webp"]) {
  Deno.test(`${name} cut anywhere is an error`, () => {
    const bytes = read(name);
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(() => sniff(bytes.subarray(0, length)), ImageError);
    }
    sniff(bytes);
  });
}

Deno.test("mutated pictures: a typed error or pixels", async () => {
  const seed = seedOf(51), random = new Random(seed);
  let decoded = 0;
  for (const name of ["baseline.jpg", "progressive.jpg", "cmyk.jpg", "palette.png", "lossless.webp"]) {
    const bytes = read(name);
    for (let round = 0; round < 40; round++) {
      const mutant = bytes.slice();
      for (let i = random.integer(1, 6); i > 0; i--) {
        mutant[random.integer(2, mutant.length - 3)] = random.integer(0, 255);
      }
      try {
        const { data, width, height } = await decodeImage(mutant, { maxPixels: 1_000_000 });
        assertEquals(data.length, width * height * 4);
        decoded++;
      } catch (error) {
        assert(error instanceof ImageError, `seed ${seed}, ${name}, round ${round}: ${error}`);
      }
    }
  }
  assert(decoded > 0);
});
