/** Every operator without weights against its reference, alone and where memory is shared. */
import type { GraphBuilder } from "../../src/graph/builder.ts";
import type { Shape } from "../../src/tensor.ts";
import { compareBuilds, graphOf } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

type Build = (builder: GraphBuilder, inputs: readonly string[]) => string | readonly string[];

const MAPS: readonly Shape[] = [1, 3, 4, 5, 8, 13, 32].flatMap((c) => [
  [1, 1, 1, c],
  [1, 3, 5, c],
  [2, 7, 6, c],
  [1, 13, 9, c],
]);

/** Compares `build` on every map; `inputs` tells the shapes of the inputs from that of the map. */
function each(
  name: string,
  build: (shape: Shape) => Build | undefined,
  inputs: (shape: Shape) => Shape[] = (s) => [s],
): void {
  Deno.test(`${name} equals the reference`, async () => {
    const random = new Random(seedOf(11));
    for (const shape of MAPS) {
      const made = build(shape);
      if (made) {
        await compareBuilds(graphOf(inputs(shape), made), random, 2e-5, `seed ${seedOf(11)}, ${shape}`);
      }
    }
  });
}

for (const op of ["sigmoid", "silu", "mish", "tanh", "hard_swish", "softmax"] as const) {
  each(op, () => (builder, [x]) => builder.node(op, "y", {}, [x]));
}
for (const op of ["sigmoid", "silu", "mish", "tanh"] as const) {
  Deno.test(`${op} from -120 to 120 equals the reference to the last bits`, async () => {
    const random = new Random(seedOf(12));
    const graph = graphOf([[1, 8, 8, 36]], (builder, [x]) => {
      builder.constant("scale", [1, 1, 1, 36], Float32Array.from({ length: 36 }, (_, i) => 40 / (i + 1)));
      return builder.node(op, "y", {}, [builder.node("mul", "wide", {}, [x, "scale"])]);
    });
    await compareBuilds(graph, random, 4e-7, `seed ${seedOf(12)}`);
  });
}
each(
  "sqrt",
  () => (builder, [x]) => builder.node("sqrt", "y", {}, [builder.node("mul", "square", {}, [x, x])]),
);
each("leaky_relu", () => (builder, [x]) => builder.node("leaky_relu", "y", { alpha: 0.1 }, [x]));
each(
  "hard_sigmoid",
  () => (builder, [x]) => builder.node("hard_sigmoid", "y", { alpha: 1 / 6, beta: 0.5 }, [x]),
);
each("l2_normalize", () => (builder, [x]) => builder.node("l2_normalize", "y", { epsilon: 1e-6 }, [x]));
each("clip", () => (builder, [x]) => builder.node("clip", "y", { lo: -1, hi: 2 }, [x]));
for (const op of ["add", "sub", "mul", "maximum"] as const) {
  each(op, () => (builder, [a, b]) => builder.node(op, "y", { limits: { lo: -2 } }, [a, b]), (s) => [s, s]);
  each(
    `${op} by channel`,
    () => (builder, [a, b]) => builder.node(op, "y", {}, [a, b]),
    (s) => [s, [1, 1, 1, s[3]]],
  );
}
each("div", () => (builder, [a, b]) => {
  const positive = builder.node("clip", "positive", { lo: 0.5 }, [b]);
  return builder.node("div", "y", {}, [a, positive]);
}, (s) => [s, s]);

each(
  "max_pool",
  () => (builder, [x]) =>
    builder.node("max_pool", "y", { kernel: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] }, [x]),
);
each(
  "avg_pool with its padding counted",
  () => (builder, [x]) =>
    builder.node("avg_pool", "y", {
      kernel: [3, 3],
      strides: [1, 2],
      padding: [1, 1, 1, 1],
      countPadding: true,
    }, [x]),
);
each(
  "avg_pool without",
  () => (builder, [x]) =>
    builder.node("avg_pool", "y", {
      kernel: [2, 3],
      strides: [2, 1],
      padding: [1, 1, 1, 1],
      countPadding: false,
    }, [x]),
);
each(
  "global avg_pool",
  ([, h, w]) => (builder, [x]) =>
    builder.node("avg_pool", "y", {
      kernel: [h, w],
      strides: [1, 1],
      padding: [0, 0, 0, 0],
      countPadding: false,
    }, [x]),
);

for (const permutation of [[0, 3, 1, 2], [2, 1, 3, 0], [0, 2, 1, 3]]) {
  each(
    `transpose to ${permutation}`,
    () => (builder, [x]) => builder.node("transpose", "y", { permutation }, [x]),
  );
}
each(
  "pad",
  () => (builder, [x]) =>
    builder.node("pad", "y", { before: [0, 1, 2, 1], after: [0, 2, 0, 3], value: -7 }, [x]),
);
for (const mode of ["nearest", "linear"] as const) {
  for (const coordinates of ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"] as const) {
    each(
      `resize, ${mode}, ${coordinates}`,
      ([, h, w]) => (builder, [x]) =>
        builder.node("resize", "y", {
          size: [h * 2 + 1, w * 2],
          mode,
          coordinates,
          rounding: "round_prefer_floor",
        }, [x]),
    );
  }
}

each(
  "slice with steps",
  ([n, h, w, c]) => (builder, [x]) =>
    builder.node("slice", "y", {
      starts: [0, h > 1 ? 1 : 0, 0, 0],
      sizes: [n, Math.ceil((h - (h > 1 ? 1 : 0)) / 2), Math.ceil(w / 2), c],
      steps: [1, 2, 2, 1],
    }, [x]),
);
each("slices that overlap", ([n, h, w, c]) =>
  c < 3 ? undefined : (builder, [x]) => {
    const a = builder.node("slice", "a", { starts: [0, 0, 0, 1], sizes: [n, h, w, c - 2] }, [x]);
    const b = builder.node("slice", "b", { starts: [0, 0, 0, 2], sizes: [n, h, w, c - 2] }, [x]);
    return builder.node("maximum", "y", {}, [a, b]);
  });
each("one value in two concatenations, and twice in one", () => (builder, [x]) => {
  const a = builder.node("clip", "a", { lo: 0 }, [x]);
  const b = builder.node("clip", "b", { hi: 0 }, [x]);
  const first = builder.node("concat", "first", { axis: 3 }, [a, b, a]);
  const second = builder.node("concat", "second", { axis: 3 }, [b, x, first]);
  return [first, builder.node("sigmoid", "y", {}, [second])];
});
each("nested concatenations, sliced", ([n, h, w, c]) => (builder, [x]) => {
  const a = builder.node("clip", "a", { lo: 0 }, [x]);
  const inner = builder.node("concat", "inner", { axis: 3 }, [a, x]);
  const b = builder.node("max_pool", "b", { kernel: [3, 3], strides: [1, 1], padding: [1, 1, 1, 1] }, [
    inner,
  ]);
  const outer = builder.node("concat", "outer", { axis: 3 }, [inner, b]);
  const part = builder.node("slice", "part", { starts: [0, 0, 0, c], sizes: [n, h, w, 2 * c] }, [outer]);
  return [outer, builder.node("add", "y", {}, [part, b])];
});
each(
  "a slice that leaves as it is",
  ([n, h, w]) => (builder, [x]) =>
    builder.node("slice", "y", { starts: [0, 0, 0, 0], sizes: [n, h, w, 1] }, [x]),
);
each("reshapes of padded and dense maps", ([n, h, w, c]) => (builder, [x]) => {
  const wide = builder.node("concat", "wide", { axis: 3 }, [x, x]);
  const half = builder.node("slice", "half", { starts: [0, 0, 0, c], sizes: [n, h, w, c] }, [wide]);
  const flat = builder.node("reshape", "flat", { shape: [n, h * w * c] }, [half]);
  return [
    builder.node("softmax", "s", {}, [flat]),
    builder.node("reshape", "y", { shape: [n * h, w, c] }, [x]),
  ];
});

each(
  "a reshape from a part of a map into a part of another, row lengths that do not divide",
  ([n, h, w, c]) =>
    n * h * w * c % 6 !== 0 ? undefined : (builder, [x]) => {
      const wide = builder.node("concat", "wide", { axis: 3 }, [x, x]);
      const half = builder.node("slice", "half", { starts: [0, 0, 0, c], sizes: [n, h, w, c] }, [wide]);
      const other = builder.node("reshape", "other", { shape: [n * h * w * c / 6, 6] }, [half]);
      const flipped = builder.node("sigmoid", "flipped", {}, [other]);
      return builder.node("concat", "y", { axis: 1 }, [other, flipped]);
    },
);
