import { assertEquals, assertThrows } from "@std/assert";
import { GraphError } from "../../src/errors.ts";
import type { Arch } from "../../src/kernels/emitter.ts";
import { conv2d, type Conv2dAttrs, type Conv2dWay, waysOfConv2d } from "../../src/ops/conv2d.ts";

const unit: Conv2dAttrs = { strides: [1, 1], padding: [1, 1, 1, 1], dilations: [1, 1], groups: 1 };

/** Ways to run a convolution, the chosen one first: families, and the size of Winograd's tiles. */
function ways(
  [h, w, c]: readonly number[],
  [k, outputs]: readonly number[],
  attrs: Partial<Conv2dAttrs> = {},
  { residual = false, arch = "x86-64" as Arch } = {},
): string[] {
  const groups = attrs.groups ?? 1, side = k >> 1;
  const all = { ...unit, padding: [side, side, side, side] as const, ...attrs };
  const nameOf = (way: Conv2dWay) => {
    if (way.strategy === "winograd") return `winograd ${way.size}`;
    return way.strategy === "gemm" && way.halves ? "gemm by halves" : way.strategy;
  };
  return waysOfConv2d(all, [1, h, w, c], [k, k, c / groups, outputs], residual, arch).map(nameOf);
}

/** What is chosen for a convolution. */
function choice(...convolution: Parameters<typeof ways>): string {
  return ways(...convolution)[0];
}

Deno.test("the kernel of a convolution changes at the edges of its bands", () => {
  const cases: readonly (readonly [string, string])[] = [
    [choice([14, 14, 64], [1, 64]), "gemm"],
    [choice([14, 14, 64], [1, 64], { strides: [2, 2] }), "im2col"],
    [choice([14, 14, 64], [1, 64], { padding: [1, 0, 0, 0] }), "im2col"],
    [choice([14, 14, 64], [3, 64], { groups: 64 }), "depthwise"],
    [choice([14, 14, 64], [3, 128], { groups: 64 }), "implicit_gemm"],
    [choice([14, 14, 64], [3, 64], { groups: 8 }), "implicit_gemm"],
    [choice([14, 14, 64], [1, 64], { groups: 2 }), "gemm"],
    [choice([14, 14, 64], [1, 128], { groups: 64 }), "gemm"],
    [choice([14, 14, 64], [1, 64], { groups: 2, strides: [2, 2] }), "im2col"],
    // Stride, dilation and other kernels have no Winograd; neither have few channels, few tiles, or narrow outputs of small maps.
    [choice([56, 56, 64], [3, 64]), "winograd 4"],
    [choice([56, 56, 64], [3, 64], { strides: [2, 2] }), "im2col"],
    [choice([56, 56, 64], [3, 64], { dilations: [1, 2], padding: [1, 2, 1, 2] }), "im2col"],
    [choice([28, 28, 64], [5, 64]), "im2col"],
    // Few channels are not copied field by field, nor are more where rows are long and not too much work.
    [choice([14, 14, 4], [5, 16], { strides: [2, 2] }), "implicit_gemm"],
    [choice([14, 14, 5], [5, 16], { strides: [2, 2] }), "im2col"],
    [choice([96, 96, 64], [3, 64], { strides: [2, 2] }), "implicit_gemm"],
    [choice([94, 94, 64], [3, 64], { strides: [2, 2] }), "im2col"],
    [choice([96, 96, 128], [3, 128], { strides: [2, 2] }), "im2col"],
    [choice([96, 96, 4], [1, 64], { strides: [2, 2] }), "im2col"],
    [choice([56, 56, 4], [3, 64]), "implicit_gemm"],
    [choice([56, 56, 5], [3, 64]), "winograd 4"],
    [choice([14, 14, 64], [3, 2]), "im2col"],
    [choice([28, 28, 64], [3, 2]), "winograd 4"],
    [choice([7, 7, 16], [3, 16]), "im2col"],
    [choice([7, 7, 64], [3, 16]), "winograd 4"],
    [choice([4, 8, 256], [3, 256]), "winograd 2"],
    [choice([2, 6, 256], [3, 256]), "im2col"],
    // The smaller transform wins where the larger one computes much past the border; the smallest maps have none.
    [choice([11, 11, 64], [3, 64]), "winograd 4"],
    [choice([10, 10, 64], [3, 64]), "winograd 2"],
    [choice([7, 7, 224], [3, 224]), "winograd 4"],
    [choice([6, 6, 224], [3, 224]), "winograd 2"],
    [choice([5, 5, 512], [3, 512]), "winograd 2"],
    [choice([5, 5, 64], [3, 64]), "im2col"],
    [choice([3, 3, 512], [3, 512]), "im2col"],
  ];
  assertEquals(cases.map(([found]) => found), cases.map(([, wanted]) => wanted));
});

Deno.test("on aarch64 weights cost more: Winograd begins at wider maps", () => {
  const aarch64 = (input: readonly number[], [k, outputs]: readonly number[]) =>
    choice(input, [k, outputs], {}, { arch: "aarch64" });
  const cases: readonly (readonly [string, string])[] = [
    [aarch64([56, 56, 4], [3, 4]), "implicit_gemm"],
    [aarch64([56, 56, 4], [3, 64]), "winograd 4"],
    [aarch64([28, 28, 64], [3, 2]), "im2col"],
    [aarch64([56, 56, 16], [3, 16]), "winograd 4"],
    [aarch64([7, 7, 64], [3, 16]), "im2col"],
    [aarch64([14, 14, 192], [3, 192]), "winograd 4"],
    [aarch64([7, 7, 224], [3, 224]), "winograd 2"],
    [aarch64([5, 5, 512], [3, 512]), "im2col"],
  ];
  assertEquals(cases.map(([found]) => found), cases.map(([, wanted]) => wanted));
});

Deno.test("an activation that is none, has no legal attributes or stands beside a clamp is refused", () => {
  const refused = (attrs: Record<string, unknown>, message: string) =>
    assertThrows(
      () => conv2d.infer({ ...unit, ...attrs } as Conv2dAttrs, [[1, 8, 8, 4], [3, 3, 4, 4]], '"c"'),
      GraphError,
      message,
    );
  refused({ activation: { op: "relu", attrs: {} } }, "wanted one of leaky_relu, sigmoid");
  refused({ activation: { op: "leaky_relu", attrs: {} } }, "attributes are {}, wanted numbers");
  refused({ activation: { op: "silu", attrs: {} }, limits: { lo: 0 } }, "wanted one of the two");
});

Deno.test("a convolution has every way to run that its shape allows", () => {
  const cases: readonly (readonly [string[], string[]])[] = [
    [ways([14, 14, 64], [1, 64]), ["gemm", "gemm by halves", "im2col"]],
    [ways([14, 14, 256], [1, 256]), ["gemm by halves", "gemm", "im2col"]],
    [ways([14, 14, 68], [1, 256]), ["gemm", "im2col"]],
    [ways([14, 14, 64], [1, 64], { strides: [2, 2] }), ["im2col", "implicit_gemm"]],
    [ways([14, 14, 64], [1, 64], { groups: 2 }), ["gemm", "gemm by halves", "im2col", "implicit_gemm"]],
    [ways([14, 14, 64], [1, 64], { groups: 2, strides: [2, 2] }), ["im2col", "implicit_gemm"]],
    [ways([14, 14, 64], [3, 64], { groups: 8 }), ["implicit_gemm", "im2col"]],
    [ways([14, 14, 6], [3, 6], { groups: 2 }), ["implicit_gemm", "im2col"]],
    [ways([14, 14, 6], [3, 6], { groups: 2, dilations: [2, 2] }), ["im2col"]],
    [ways([14, 14, 64], [3, 64], { groups: 64 }), ["depthwise", "im2col"]],
    // The depthwise kernel adds no residual.
    [ways([14, 14, 64], [3, 64], { groups: 64 }, { residual: true }), ["implicit_gemm", "im2col"]],
    [ways([56, 56, 64], [3, 64]), ["winograd 4", "winograd 2", "implicit_gemm", "im2col"]],
    [ways([5, 5, 64], [3, 64]), ["im2col", "implicit_gemm", "winograd 2", "winograd 4"]],
    [ways([1, 1, 8], [3, 8]), ["im2col", "implicit_gemm", "winograd 4", "winograd 2"]],
    [ways([56, 56, 64], [5, 64]), ["implicit_gemm", "im2col"]],
    [ways([56, 56, 64], [5, 64], { dilations: [1, 2] }), ["im2col"]],
  ];
  assertEquals(cases.map(([found]) => found), cases.map(([, wanted]) => wanted));
});
