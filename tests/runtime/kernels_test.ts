import { assert, assertRejects } from "@std/assert";
import { type Build, instantiate, kernelModule } from "../../src/runtime/kernels.ts";
import plain from "../../src/runtime/kernels_plain.generated.ts";
import relaxed from "../../src/runtime/kernels_relaxed.generated.ts";
import aarch64 from "../../src/runtime/kernels_relaxed_aarch64.generated.ts";

const builds: readonly Build[] = [
  { simd: "simd128", arch: "x86-64" },
  { simd: "relaxed", arch: "x86-64" },
  { simd: "relaxed", arch: "aarch64" },
];

Deno.test("the kernels of a shared memory know its size: they take no other", async () => {
  const shared = (initial: number, maximum: number) =>
    new WebAssembly.Memory({ initial, maximum, shared: true });
  for (const build of builds) {
    // Sizes of one, two and three bytes of LEB128.
    for (const pages of [1, 127, 128, 16383, 16384]) {
      const module = await kernelModule(build, pages);
      await instantiate(module, shared(pages, pages));
      await assertRejects(() => instantiate(module, shared(pages, pages + 1)), WebAssembly.LinkError);
      await assertRejects(() => instantiate(module, shared(pages - 1, pages)), WebAssembly.LinkError);
    }
  }
});

Deno.test("the kernels of a build take at most 64 KiB", () => {
  for (const base64 of [plain, relaxed, aarch64]) {
    const { length } = Uint8Array.fromBase64(base64);
    assert(length <= 65536, `${length} bytes`);
  }
});
