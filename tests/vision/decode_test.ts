import { assert, assertEquals, assertRejects } from "@std/assert";
import { ImageError } from "../../src/errors.ts";
import { decodeImage } from "../../src/vision/decode.ts";
import { encodeImage } from "../../src/vision/encode.ts";
import type { RawImage } from "../../src/vision/image.ts";

const read = (name: string) => Deno.readFileSync(new URL(`../fixtures/images/${name}`, import.meta.url));
const truth = await decodeImage(read("truth.png"));

/** Mean difference of the colours of two pictures. */
function difference(a: RawImage, b: RawImage): number {
  assertEquals([a.width, a.height], [b.width, b.height]);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) if (i % 4 < 3) sum += Math.abs(a.data[i] - b.data[i]);
  return sum / (a.width * a.height * 3);
}

/** CRC-32 as PNG's chunks bear it. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const grey: RawImage = {
  ...truth,
  data: truth.data.map((_, i) => {
    const [r, g, b] = truth.data.subarray(i - i % 4, i - i % 4 + 3);
    return i % 4 === 3 ? 255 : Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }),
};

Deno.test("the truth is what was drawn", () => {
  assertEquals([truth.width, truth.height, truth.channels], [48, 32, 4]);
  assertEquals([...truth.data.slice((5 * 48 + 8) * 4, (5 * 48 + 9) * 4)], [250, 20, 30, 255]);
});

for (const name of ["interlaced.png", "rgb16.png", "lossless.webp"]) {
  Deno.test(`${name} is exact`, async () => assertEquals((await decodeImage(read(name))).data, truth.data));
}
for (
  const name of ["baseline.jpg", "progressive.jpg", "subsampled.jpg", "lossy.webp", "cmyk.jpg", "palette.png"]
) {
  Deno.test(`${name} is close`, async () => {
    const off = difference(await decodeImage(read(name)), truth);
    assert(off < 8, `${off}`);
  });
}
for (const name of ["grey.jpg", "grey.png", "grey16.png"]) {
  Deno.test(`${name} has equal channels`, async () =>
    assert(difference(await decodeImage(read(name)), grey) < 2));
}
for (let orientation = 1; orientation <= 8; orientation++) {
  Deno.test(`EXIF orientation ${orientation} is turned upright`, async () => {
    assert(difference(await decodeImage(read(`exif${orientation}.jpg`)), truth) < 3);
  });
}

Deno.test("orientation can be left alone", async () => {
  const { width, height } = await decodeImage(read("exif6.jpg"), { orient: false });
  assertEquals([width, height], [32, 48]);
});

for (const name of ["alpha.png", "alpha.webp"]) {
  Deno.test(`${name} keeps straight alpha`, async () => {
    const { data } = await decodeImage(read(name));
    for (let x = 0; x < 48; x++) {
      assertEquals(data[(31 * 48 + x) * 4 + 3], Math.floor(x * 255 / 48));
      if (x > 0) assertEquals(data[(31 * 48 + x) * 4 + 1], truth.data[(31 * 48 + x) * 4 + 1]);
    }
  });
}

Deno.test("a broken JPEG is one typed error, and the next photo is fine", async () => {
  const broken = read("baseline.jpg");
  broken.fill(0x55, 200, 500);
  await assertRejects(() => decodeImage(broken), ImageError, "Cannot decode jpeg");
  assert(difference(await decodeImage(read("baseline.jpg")), truth) < 3);
});

Deno.test("photos that are decoded at the same time know nothing of one another", async () => {
  const broken = read("baseline.jpg");
  broken.fill(0x55, 200, 500);
  // The last alone leaves the codec given up, so that all make a new one at once.
  const photos = [broken, read("baseline.jpg"), read("truth.png"), broken, read("lossy.webp"), broken];
  const outcome = (photo: Uint8Array) =>
    decodeImage(photo).then(({ data }) => data, ({ message }: Error) => message);
  const alone = [];
  for (const photo of photos) alone.push(await outcome(photo));
  assertEquals(await Promise.all(photos.map(outcome)), alone);
});

Deno.test("a PNG codec that gave up on a picture goes, with what it had allocated for it", async () => {
  const lying = read("truth.png");
  new DataView(lying.buffer).setUint32(16, 4800);
  new DataView(lying.buffer).setUint32(29, crc32(lying.subarray(12, 29)));
  await decodeImage(read("truth.png"));
  await assertRejects(() => decodeImage(lying), ImageError, "Cannot decode png: the codec gave up on it");
  const { instantiate } = WebAssembly;
  let fresh = 0;
  WebAssembly.instantiate = ((...args: Parameters<typeof instantiate>) => {
    fresh++;
    return instantiate(...args);
  }) as typeof instantiate;
  try {
    for (let i = 0; i < 2; i++) assertEquals((await decodeImage(read("truth.png"))).data, truth.data);
  } finally {
    WebAssembly.instantiate = instantiate;
  }
  assertEquals(fresh, 1);
});

Deno.test("what is encoded decodes to the same", async () => {
  assertEquals((await decodeImage(await encodeImage(truth, "png"))).data, truth.data);
  assert(difference(await decodeImage(await encodeImage(truth, "jpeg", 95)), truth) < 6);
});
