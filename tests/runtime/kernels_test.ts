import { assertRejects } from "@std/assert";
import { type Build, instantiate, kernelModule } from "../../src/runtime/kernels.ts";

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
