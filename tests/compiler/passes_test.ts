/** Every pass: what it joins, what it leaves alone, and that values stay. */
import { assertEquals } from "@std/assert";
import { foldBatchnorm } from "../../src/compiler/passes/fold_batchnorm.ts";
import { fuseActivation } from "../../src/compiler/passes/fuse_activation.ts";
import { fuseExpand } from "../../src/compiler/passes/fuse_expand.ts";
import { fusePreactivation } from "../../src/compiler/passes/fuse_preactivation.ts";
import { fuseUnpack } from "../../src/compiler/passes/fuse_unpack.ts";
import { fuseSlice } from "../../src/compiler/passes/fuse_slice.ts";
import { fuseResidual } from "../../src/compiler/passes/fuse_residual.ts";
import { dropIdentity } from "../../src/compiler/passes/drop_identity.ts";
import { optimize } from "../../src/compiler/passes/index.ts";
import type { Pass } from "../../src/compiler/passes/pass.ts";
import { planarInputs } from "../../src/compiler/passes/planar_inputs.ts";
import type { GraphBuilder } from "../../src/graph/builder.ts";
import { check, type Graph, runReference } from "../../src/graph/graph.ts";
import { TO_NHWC } from "../../src/ops/planar_conv2d.ts";
import { transpose } from "../../src/ops/transpose.ts";
import { errorOf, graphOf, inputsFor } from "../support/compare.ts";
import { Random } from "../support/random.ts";

const SHAPE = [1, 5, 4, 6] as const;
const attrs = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;

/** Small pieces of networks, with random weights. */
class Pieces {
  readonly #builder: GraphBuilder;
  readonly #random = new Random(3);

  constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  constant(name: string, shape: readonly number[], positive = false): string {
    const { data } = this.#random.tensor(shape);
    return this.#builder.constant(name, shape, positive ? data.map((v) => Math.abs(v) + 0.5) : data);
  }

  conv(name: string, x: string, outputs = 6): string {
    return this.#builder.node("conv2d", name, attrs, [x, this.constant(`${name}.w`, [1, 1, 6, outputs])]);
  }

  batchNorm(name: string, x: string): string {
    const [gamma, beta, mean] = ["gamma", "beta", "mean"].map((part) =>
      this.constant(`${name}.${part}`, [6])
    );
    const variance = this.constant(`${name}.variance`, [6], true);
    return this.#builder.node("batch_norm", name, { epsilon: 1e-3 }, [x, gamma, beta, mean, variance]);
  }
}

function graph(build: (b: GraphBuilder, p: Pieces, x: string) => string | string[]): Graph {
  return graphOf([SHAPE], (builder, [x]) => build(builder, new Pieces(builder), x));
}

/** Runs a pass; checks the result and its values; gives operators and log. */
function run(pass: Pass, before: Graph): { ops: string[]; log: string[] } {
  const log: string[] = [];
  const after = pass(before, (line) => log.push(line));
  check(after);
  assertEquals(after.outputs, before.outputs);
  const inputs = inputsFor(before, new Random(9));
  const [wanted, found] = [runReference(before, inputs), runReference(after, inputs)];
  for (const name of before.outputs) {
    assertEquals(errorOf(found[name].data, wanted[name].data) < 1e-5, true, name);
  }
  return { ops: after.nodes.map((node) => node.op), log };
}

Deno.test("fold_batchnorm: batch norm, multiplication and addition by channel join the convolution", () => {
  const all = graph((b, p, x) => {
    const norm = p.batchNorm("bn", p.conv("c", x));
    const scaled = b.node("mul", "m", {}, [norm, p.constant("scale", [6])]);
    return b.node("add", "a", {}, [scaled, p.constant("shift", [1, 1, 1, 6])]);
  });
  const { ops, log } = run(foldBatchnorm, all);
  assertEquals(ops, ["conv2d"]);
  assertEquals(log.length, 3);
});

Deno.test("fold_batchnorm: a constant behind a residual sum moves into the convolution before it", () => {
  const { ops } = run(
    foldBatchnorm,
    graph((b, p, x) => {
      const sum = b.node("add", "s", {}, [x, p.conv("c", x)]);
      return b.node("add", "y", {}, [sum, p.constant("shift", [6])]);
    }),
  );
  assertEquals(ops, ["conv2d", "add"]);
});

Deno.test("fold_batchnorm leaves alone what others read, what is clamped, and norms before convolutions", () => {
  const read = graph((b, p, x) => {
    const c = p.conv("c", x);
    return [p.batchNorm("bn", c), b.node("sigmoid", "y", {}, [c])];
  });
  assertEquals(run(foldBatchnorm, read).ops, ["conv2d", "batch_norm", "sigmoid"]);
  const before = graph((_b, p, x) => p.conv("c", p.batchNorm("bn", x)));
  assertEquals(run(foldBatchnorm, before).ops, ["batch_norm", "conv2d"]);
});

Deno.test("fuse_residual: a sum joins the later of its convolutions", () => {
  const { ops, log } = run(
    fuseResidual,
    graph((b, p, x) => b.node("add", "y", {}, [p.conv("c", p.conv("d", x)), x])),
  );
  assertEquals(ops, ["conv2d", "conv2d"]);
  assertEquals(log.length, 1);
  const twice = graph((b, p, x) => {
    const c = p.conv("c", x);
    return b.node("add", "y", {}, [c, c]);
  });
  assertEquals(run(fuseResidual, twice).ops, ["conv2d", "add"]);
});

Deno.test("fuse_residual: a sum joins a convolution in groups, not one of one filter a channel", () => {
  const sum = (groups: number) =>
    graph((b, p, x) => {
      const weight = p.constant("w", [1, 1, 6 / groups, 6]);
      return b.node("add", "y", {}, [b.node("conv2d", "c", { ...attrs, groups }, [x, weight]), x]);
    });
  assertEquals(run(fuseResidual, sum(3)).ops, ["conv2d"]);
  assertEquals(run(fuseResidual, sum(6)).ops, ["conv2d", "add"]);
});

Deno.test("fuse_activation: a clamp joins what clamps for free, once", () => {
  const { ops } = run(
    fuseActivation,
    graph((b, p, x) => b.node("clip", "y", { lo: 0, hi: 6 }, [p.conv("c", x)])),
  );
  assertEquals(ops, ["conv2d"]);
  const output = graph((b, p, x) => {
    const c = p.conv("c", x);
    return [c, b.node("clip", "y", { lo: 0 }, [c])];
  });
  assertEquals(run(fuseActivation, output).ops, ["conv2d", "clip"]);
});

Deno.test("fuse_expand joins large maps filtered at stride 2, and says why it leaves the others", () => {
  const pair = (size: number, stride: number, read = false) =>
    graphOf([[1, size, size, 2]], (b, [x]) => {
      const random = new Random(4);
      b.constant("wide.w", [1, 1, 2, 8], random.tensor([1, 1, 2, 8]).data);
      b.constant("deep.w", [3, 3, 1, 8], random.tensor([3, 3, 1, 8]).data);
      const wide = b.node("conv2d", "wide", attrs, [x, "wide.w"]);
      const window = {
        strides: [stride, stride],
        padding: [1, 1, 1, 1],
        dilations: [1, 1],
        groups: 8,
      } as const;
      const deep = b.node("conv2d", "deep", window, [wide, "deep.w"]);
      return read ? [deep, b.node("sigmoid", "y", {}, [wide])] : deep;
    });
  const large = run(fuseExpand, pair(182, 2));
  assertEquals(large.ops, ["expand_depthwise"]);
  assertEquals(large.log, ['fuse_expand: conv2d "wide" into conv2d "deep"']);
  const apart = 'fuse_expand: "wide" and conv2d "deep" stay apart: ';
  const cases: [Graph, string][] = [
    [pair(180, 2), "the map between them is 1036800 bytes, which a cache holds; wanted at least 1048576"],
    [pair(182, 1), "the stride is 1x1, where nothing is gained; wanted 2"],
    [pair(182, 2, true), "others read what is between them"],
  ];
  for (const [graph, reason] of cases) {
    const { ops, log } = run(fuseExpand, graph);
    assertEquals(ops.slice(0, 2), ["conv2d", "conv2d"]);
    assertEquals(log, [apart + reason]);
  }
});

Deno.test("fuse_preactivation joins what pointwise convolutions alone read, and says why it leaves the others", () => {
  const block = graph((b, p, x) => {
    const joined = b.node("concat", "cat", { axis: 3 }, [p.conv("a", x, 2), p.conv("d", x, 4)]);
    return p.conv("c", b.node("clip", "r", { lo: 0 }, [p.batchNorm("bn", joined)]));
  });
  const { ops, log } = run(optimize, block);
  assertEquals(ops, ["conv2d", "conv2d", "concat", "preactivated_pointwise"]);
  assertEquals(log.at(-1), 'fuse_preactivation: batch_norm "r" into conv2d "c"');
  const residual = graph((b, p, x) => b.node("add", "y", {}, [p.conv("c", p.batchNorm("bn", x)), x]));
  assertEquals(run(optimize, residual).ops, ["preactivated_pointwise"]);
  const twice = graph((_b, p, x) => {
    const norm = p.batchNorm("bn", x);
    return [p.conv("c", norm), p.conv("d", norm)];
  });
  const itself = graph((b, p, x) => {
    const norm = p.batchNorm("bn", x);
    return b.node("add", "y", {}, [p.conv("c", norm), norm]);
  });
  const output = graph((_b, p, x) => {
    const norm = p.batchNorm("bn", x);
    return [p.conv("c", norm), norm];
  });
  for (
    const [graph, names] of [[twice, ["c", "d"]], [itself, ["y"]], [output, ["c"]]] as const
  ) {
    const { ops, log } = run((graph, log) => fusePreactivation(fuseResidual(graph, () => {}), log), graph);
    assertEquals(ops, ["batch_norm", ...names.map(() => "conv2d")]);
    assertEquals(
      log,
      names.map((name) =>
        `fuse_preactivation: "bn" and conv2d "${name}" stay apart: others read what is between them`
      ),
    );
  }
  const wide = graph((b, p, x) =>
    b.node("conv2d", "y", { ...attrs, padding: [1, 1, 1, 1] }, [
      p.batchNorm("bn", x),
      p.constant("w", [3, 3, 6, 2]),
    ])
  );
  const left = run(fusePreactivation, wide);
  assertEquals([left.ops, left.log], [["batch_norm", "conv2d"], []]);
});

Deno.test("fuse_unpack joins bytes and the one convolution that reads them, if it copies rows", () => {
  const photo = (build: (b: GraphBuilder, p: Pieces, x: string) => string | readonly string[]) =>
    graphOf([[1, 20, 20, 1]], (b, [bytes]) => {
      const unpack = { scale: [1, 2, 3], offset: [4, 5, 6] } as const;
      return build(b, new Pieces(b), b.node("unpack_rgba", "x", unpack, [bytes]));
    });
  const conv = (b: GraphBuilder, p: Pieces, name: string, inputs: readonly string[], side = 3) => {
    const weight = p.constant(`${name}_w`, [side, side, 3, 3]);
    const pad = side >> 1, padding = [pad, pad, pad, pad] as const;
    return b.node("conv2d", name, { ...attrs, padding }, [inputs[0], weight, ...inputs.slice(1)]);
  };
  const joined = photo((b, p, x) => b.node("clip", "r", { lo: 0 }, [conv(b, p, "c", [x])]));
  const { ops, log } = run(optimize, joined);
  assertEquals([ops, log.at(-1)], [["unpacked_conv2d"], 'fuse_unpack: unpack_rgba "x" into conv2d "r"']);
  const others = "others read what is between them";
  const cases: [Graph, string][] = [
    [photo((b, p, x) => [conv(b, p, "c", [x]), x]), others],
    [photo((b, p, x) => [conv(b, p, "c", [x]), b.node("sigmoid", "s", {}, [x])]), others],
    [photo((b, p, x) => conv(b, p, "c", [x, p.constant("b", [3]), x])), others],
    [photo((b, p, x) => conv(b, p, "c", [x], 1)), "a kernel that copies no rows is faster"],
  ];
  for (const [graph, why] of cases) {
    const { ops, log } = run(fuseUnpack, graph);
    assertEquals(ops.slice(0, 2), ["unpack_rgba", "conv2d"]);
    assertEquals(log, [`fuse_unpack: "x" and conv2d "c" stay apart: ${why}`]);
  }
});

Deno.test("planar_inputs: planes go into the one convolution that reads them, if it copies rows, or are transposed", () => {
  const shape = [1, 20, 18, 3] as const, names = ["x0", "y"];
  const planar = (build: (b: GraphBuilder, p: Pieces, x: string) => string | readonly string[]): Graph => ({
    ...graphOf([shape, SHAPE], (b, [x]) => build(b, new Pieces(b), x)),
    nchw: names,
  });
  const conv = (b: GraphBuilder, p: Pieces, x: string, side = 3, ...others: string[]) =>
    b.node("conv2d", "y", attrs, [x, p.constant("w", [side, side, 3, 3]), ...others]);
  const joined = ['planar_inputs: planes of "x0" into conv2d "y"'];
  const left = ['planar_inputs: "x0" is transposed, no convolution that copies rows reads it alone'];
  const cases: [Graph, string[], string[]][] = [
    [planar((b, p, x) => conv(b, p, x)), ["planar_conv2d"], joined],
    [planar((b, p, x) => conv(b, p, x, 1)), ["transpose", "conv2d"], left],
    [planar((b, p, x) => conv(b, p, x, 1, p.constant("b", [3]), x)), ["transpose", "conv2d"], left],
    [
      planar((b, p, x) => [conv(b, p, x), b.node("sigmoid", "s", {}, [x])]),
      ["transpose", "conv2d", "sigmoid"],
      left,
    ],
    [planar((b, _p, x) => b.node("sigmoid", "y", {}, [x])), ["transpose", "sigmoid"], left],
  ];
  for (const [before, ops, lines] of cases) {
    const log: string[] = [], after = planarInputs(before, (line) => log.push(line));
    assertEquals([after.nodes.map(({ op }) => op), log, after.nchw], [ops, lines, ["y"]]);
    assertEquals(after.inputs.map(({ shape }) => shape), [[1, 3, 20, 18], SHAPE]);
    const x0 = new Random(9).tensor([1, 3, 20, 18]);
    const pixels = transpose.reference(TO_NHWC, [x0], shape);
    const [wanted, found] = [
      runReference(before, { x0: { shape, data: pixels } }),
      runReference(after, { x0 }),
    ];
    assertEquals(found.y, wanted.y);
  }
  const pixels = graph((_b, p, x) => p.conv("c", x));
  assertEquals(planarInputs(pixels, () => {}), pixels);
});

Deno.test("fuse_activation: other activations join convolutions alone, one each", () => {
  const fused = graph((b, p, x) => b.node("leaky_relu", "y", { alpha: 0.1 }, [p.conv("c", x)]));
  assertEquals(run(fuseActivation, fused).ops, ["conv2d"]);
  const clamped = graph((b, p, x) =>
    b.node("silu", "y", {}, [b.node("clip", "r", { lo: -1 }, [p.conv("c", x)])])
  );
  assertEquals(run(fuseActivation, clamped).ops, ["conv2d", "silu"]);
  const behind = graph((b, p, x) => {
    const active = b.node("silu", "s", {}, [p.conv("c", x)]);
    return b.node("tanh", "y", {}, [b.node("clip", "r", { lo: 0 }, [active])]);
  });
  assertEquals(run(fuseActivation, behind).ops, ["conv2d", "clip", "tanh"]);
  const sum = graph((b, _p, x) => b.node("silu", "y", {}, [b.node("add", "s", {}, [x, x])]));
  assertEquals(run(fuseActivation, sum).ops, ["add", "silu"]);
  const output = graph((b, p, x) => {
    const c = p.conv("c", x);
    return [c, b.node("mish", "y", {}, [c])];
  });
  assertEquals(run(fuseActivation, output).ops, ["conv2d", "mish"]);
});

Deno.test("an activation between convolution and sum keeps the sum apart; one behind it joins both", () => {
  const between = graph((b, p, x) => b.node("add", "y", {}, [b.node("silu", "s", {}, [p.conv("c", x)]), x]));
  assertEquals(run(optimize, between).ops, ["conv2d", "add"]);
  assertEquals(run(optimize, optimize(between)).ops, ["conv2d", "add"]);
  const behind = graph((b, p, x) => b.node("silu", "y", {}, [b.node("add", "s", {}, [p.conv("c", x), x])]));
  assertEquals(run(optimize, behind).ops, ["conv2d"]);
  const norm = graph((b, p, x) => p.batchNorm("bn", b.node("silu", "s", {}, [p.conv("c", x)])));
  assertEquals(run(optimize, optimize(norm)).ops, ["conv2d", "batch_norm"]);
});

Deno.test("fuse_slice: parts of a pooled map are pooled apart where a concatenation wants them apart", () => {
  const part = (begin: number, end: number, size = [2, 2]) =>
    ({ starts: [0, 0, 0, begin], sizes: [1, ...size, end - begin] }) as const;
  const pool = { kernel: [3, 2], strides: [2, 2], padding: [1, 0, 0, 0] } as const;
  const split = (first: readonly number[], second: readonly number[], more = false) =>
    graph((b, p, x) => {
      const pooled = b.node("avg_pool", "p", { ...pool, countPadding: false }, [p.conv("c", x)]);
      const left = b.node("slice", "l", part(first[0], first[1]), [pooled]);
      const right = b.node("slice", "r", part(second[0], second[1]), [pooled]);
      const joined = b.node("concat", "k", { axis: 3 }, [right, b.node("sigmoid", "s", {}, [left])]);
      return more ? [joined, pooled] : [joined, b.node("clip", "y", { lo: 0 }, [left])];
    });
  const { ops, log } = run(fuseSlice, split([0, 1], [1, 6]));
  assertEquals(ops, ["conv2d", "slice", "avg_pool", "slice", "avg_pool", "sigmoid", "concat", "clip"]);
  assertEquals(log, ['fuse_slice: slice "l" into avg_pool "p"', 'fuse_slice: slice "r" into avg_pool "p"']);
  assertEquals(run(fuseSlice, split([0, 2], [3, 4])).ops, ops, "channels that nobody takes");

  const named = graph((b, p, x) => {
    const pooled = b.node("max_pool", "p", pool, [p.conv("c", x)]);
    const left = b.node("slice", "l", part(0, 2), [pooled]);
    return [b.node("concat", "k", { axis: 3 }, [left, left]), b.node("sigmoid", "l:input", {}, [x])];
  });
  assertEquals(
    run(fuseSlice, named).ops.length,
    5,
    "an output that nobody reads has the name of a new slice",
  );

  const apart = (reason: string) => [`fuse_slice: slice "r" and avg_pool "p" stay apart: ${reason}`];
  assertEquals(run(fuseSlice, split([0, 3], [2, 6])).log, apart("they overlap"));
  assertEquals(run(fuseSlice, split([0, 1], [1, 6], true)).log, apart("others read all of it"));
  const rows = graph((b, _p, x) => {
    const pooled = b.node("max_pool", "p", pool, [x]);
    const top = b.node("slice", "t", part(0, 6, [1, 2]), [pooled]);
    return b.node("concat", "k", { axis: 3 }, [top, b.node("sigmoid", "s", {}, [top])]);
  });
  assertEquals(run(fuseSlice, rows).log, [
    'fuse_slice: slice "t" and max_pool "p" stay apart: others read all of it',
  ]);
  const free = graph((b, _p, x) => {
    const pooled = b.node("max_pool", "p", pool, [x]);
    return b.node("sigmoid", "y", {}, [b.node("slice", "l", part(2, 6), [pooled])]);
  });
  assertEquals(run(fuseSlice, free).ops, ["max_pool", "slice", "sigmoid"]);
});

Deno.test("drop_identity: what hands on what it gets goes, unless it leaves", () => {
  const { ops } = run(
    dropIdentity,
    graph((b, _p, x) => {
      const same = b.node("reshape", "r", { shape: SHAPE }, [x]);
      const one = b.node("concat", "k", { axis: 3 }, [same]);
      return b.node("sigmoid", "y", {}, [b.node("clip", "i", {}, [one])]);
    }),
  );
  assertEquals(ops, ["sigmoid"]);
  assertEquals(run(dropIdentity, graph((b, _p, x) => b.node("clip", "y", {}, [x]))).ops, ["clip"]);
});

Deno.test("all passes: a residual block becomes two convolutions", () => {
  const block = graph((b, p, x) => {
    const first = b.node("clip", "r1", { lo: 0 }, [p.batchNorm("b1", p.conv("c1", x))]);
    const sum = b.node("add", "s", {}, [p.batchNorm("b2", p.conv("c2", first)), x]);
    return b.node("clip", "y", { lo: 0 }, [sum]);
  });
  assertEquals(run(optimize, block).ops, ["conv2d", "conv2d"]);
});
