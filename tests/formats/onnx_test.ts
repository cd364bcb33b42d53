import { assert, assertEquals, assertThrows } from "@std/assert";
import { Session, type SessionOptions } from "../../mod.ts";
import { ModelError, SimdetError } from "../../src/errors.ts";
import { readOnnx } from "../../src/formats/onnx.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Pair } from "../../src/geometry.ts";
import type { Shape, Tensor } from "../../src/tensor.ts";
import { hashedInput } from "../support/hash.ts";
import { mutate } from "../support/mutate.ts";
import {
  damageFields,
  type Field,
  FLOAT,
  floats,
  initializer,
  input,
  int64s,
  model,
  node,
  output,
  parseFields,
  writeFields,
} from "../support/onnx.ts";
import { Random, seedOf } from "../support/random.ts";

const folder = new URL("../fixtures/onnx/", import.meta.url);
const fixture = (name: string) => Deno.readFileSync(new URL(name, folder));

/** A model of one operator or pattern, and what onnxruntime makes of hashed inputs or why we refuse it. */
interface Case {
  readonly name: string;
  readonly model: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly outputs: Readonly<Record<string, { readonly shape: Shape; readonly data: string }>>;
  readonly refuse?: string;
  readonly tolerance?: number;
}

/** A network, and what onnxruntime makes of hashed inputs. */
interface Network {
  readonly name: string;
  readonly input: Shape;
  readonly inputSize?: Pair;
  readonly output: readonly number[];
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

async function cases(): Promise<Case[]> {
  const unzipped = new Blob([fixture("operators.json.gz")]).stream().pipeThrough(
    new DecompressionStream("gzip"),
  );
  return await new Response(unzipped).json();
}

const networks: readonly Network[] = JSON.parse(new TextDecoder().decode(fixture("networks.json")));

const read = (bytes: Uint8Array, inputSize?: Pair) => readOnnx(bytes, { info: { name: "test" }, inputSize });

/** Largest difference over largest magnitude. */
function errorOf(actual: Float32Array, wanted: ArrayLike<number>): number {
  const largest = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  return actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - wanted[i]) / largest), 0);
}

async function run(
  graph: Graph,
  inputs: Readonly<Record<string, Tensor>>,
  options: SessionOptions = {},
): Promise<Record<string, Tensor>> {
  using session = await Session.create(graph, options);
  return await session.run(inputs);
}

for (const { name, model, inputs, outputs, refuse, tolerance = 4e-6 } of await cases()) {
  if (refuse !== undefined) {
    Deno.test(`refuses ${name}`, () => {
      const error = assertThrows(() => read(fromBase64(model)), ModelError, refuse);
      assert(error.message.startsWith("Cannot read ONNX"));
    });
    continue;
  }
  Deno.test(name, async () => {
    const graph = read(fromBase64(model));
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([key, shape]) => [key, hashedInput(shape)]),
    );
    for (const simd of ["relaxed", "simd128"] as const) {
      const found = await run(graph, tensors, { simd });
      for (const [key, { shape, data }] of Object.entries(outputs)) {
        assertEquals(found[key].shape, shape);
        const error = errorOf(found[key].data, new Float32Array(fromBase64(data).buffer));
        assert(error <= tolerance, `${key} is off by ${error} of its range on ${simd}`);
      }
    }
  });
}

for (const { name, input, inputSize, output } of networks) {
  Deno.test(`${name}.onnx gives what onnxruntime gives`, async () => {
    const graph = read(fixture(`${name}.onnx`), inputSize);
    const outputs = await run(graph, { [graph.inputs[0].name]: hashedInput(input) });
    const error = errorOf(outputs[graph.outputs[0]].data, output);
    assert(error <= 4e-6, `off by ${error} of its range`);
  });
}

Deno.test("inputs keep their names; open extents are 1, the size asked for, or 224", () => {
  const open = (dims: readonly (number | string)[], size?: Pair) => {
    const graph = read(model([input("picture", dims), node("Relu", ["picture"], ["y"]), output("y")]), size);
    assertEquals([graph.inputs[0].name, graph.outputs, graph.nchw], ["picture", ["y"], ["picture", "y"]]);
    return graph.inputs[0].shape;
  };
  assertEquals(open(["batch", 3, "height", "width"]), [1, 224, 224, 3]);
  assertEquals(open(["batch", 3, "height", "width"], [96, 160]), [1, 96, 160, 3]);
  assertEquals(open([2, 3, 32, -1], undefined), [2, 32, 224, 3]);
  assertEquals(open([1, 3, 32, 64], [96, 160]), [1, 96, 160, 3]);
});

const weight = floats("w", [2, 1, 1, 1], [1, 2]);
const conv = node("Conv", ["x", "w"], ["y"], {}, "stem/conv");
const picture = input("x", [1, 1, 4, 4]);

/** A file around a graph that gives `y`. */
const file = (...graph: readonly Field[]) => model([...graph, output("y")]);

Deno.test("a file that lies or asks for what we have not is refused by place, value found and value wanted", () => {
  const lies = (
    dims: readonly (number | bigint)[],
    raw: Uint8Array | undefined,
    more: readonly Field[] = [],
  ) => file(picture, initializer("w", FLOAT, dims, raw, more), conv);
  const location = { number: 13, value: [{ number: 1, value: new TextEncoder().encode("/etc/passwd") }] };
  const broken: [Uint8Array, string][] = [
    [
      file(picture, node("NonMaxSuppression", ["x"], ["y"], {}, "/head/nms")),
      'node "/head/nms" (NonMaxSuppression): its operator is not known',
    ],
    [file(picture, weight, node("Conv", ["x", "v"], ["y"])), 'node "Conv" (Conv): value "v" is not defined'],
    [file(picture, weight, conv, conv), 'value "y" is made twice'],
    [file(picture, weight), 'output: value "y" is not defined'],
    [model([picture, weight, conv]), "it has 0 outputs, wanted 1 to 256"],
    [model([picture, weight, conv, output("y")], 8), "the operator set is 8, wanted 9 to 24"],
    [model([picture, weight, conv, output("y")], 2n ** 60n), "wanted 9 to 24"],
    [model([]).subarray(0, 2), "the file holds no graph"],
    [file(input("x", [1, 1, 4, 4], 6), weight, conv), 'input "x": its type is int32'],
    [file(input("x", [1, "channels", 4, 4]), weight, conv), "fixed extents beside batch, height and width"],
    [file(input("x", Array(9).fill(1)), weight, conv), 'input "x": it has 9 axes, wanted at most 8'],
    [file(input("x", [1, 1, 2n ** 40n, 2n ** 40n]), weight, conv), "wanted at most 268435456 values"],
    [lies([2, 1, 1, 1], undefined), 'tensor "w" holds 0 values, its shape 2x1x1x1 wants 2'],
    [lies([2, 1, 1, 1], new Uint8Array(7)), 'tensor "w" holds 1.75 values'],
    [lies([2n ** 31n, 2n ** 31n, 1, 1], new Uint8Array(8)), "and 268435456 values"],
    [lies([-2, -1, 1, 1], new Uint8Array(8)), "wanted at most 8 axes of at least 0"],
    [lies([2, 1, 1, 1], undefined, [location, { number: 14, value: 1n }]), "lies in another file"],
    [file(picture, initializer("w", 8, [1], new Uint8Array(4)), conv), 'tensor "w" is of element type 8'],
    [
      file(picture, floats("w", [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]), conv),
      'Cannot read ONNX node "stem/conv" (Conv)',
    ],
    [file(picture, weight, node("Conv", ["x", "w"], ["y"], { group: "two" })), 'attribute group is "two"'],
    [file(picture, node("x".repeat(2000), ["x"], ["y"])), "a name has 2000 characters, wanted at most 1024"],
  ];
  for (const [bytes, message] of broken) assertThrows(() => read(bytes), ModelError, message);
});

Deno.test("a file cut anywhere is refused", () => {
  const bytes = file(picture, weight, conv);
  read(bytes);
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => read(bytes.subarray(0, length)), ModelError, "Cannot read ONNX");
  }
});

Deno.test("a small file cannot ask for a large memory", () => {
  const asks = (...graph: readonly Field[]) =>
    file(input("x", [1]), ...graph, node("Add", ["x", "big"], ["y"]));
  const many = int64s("many", [2 ** 28]);
  const greedy = [
    asks(many, node("ConstantOfShape", ["many"], ["big"])),
    asks(many, floats("one", [1], [1]), node("Tile", ["one", "many"], ["big"])),
    asks(many, floats("one", [1], [1]), node("Expand", ["one", "many"], ["big"])),
    asks(
      int64s("many", [2 ** 50]),
      initializer("none", FLOAT, [0], new Uint8Array()),
      node("Tile", ["none", "many"], ["big"]),
    ),
    asks(
      initializer("a", 7, [], new Uint8Array(8)),
      initializer("b", 7, [], new Uint8Array(BigInt64Array.of(2n ** 40n).buffer)),
      initializer("c", 7, [], new Uint8Array(BigInt64Array.of(1n).buffer)),
      node("Range", ["a", "b", "c"], ["big"]),
    ),
    file(
      input("x", [1, 1, 1, 2 ** 27]),
      int64s("from", [-1]),
      int64s("to", [-(2 ** 40)]),
      int64s("axis", [3]),
      int64s("step", [-1]),
      node("Slice", ["x", "from", "to", "axis", "step"], ["y"]),
    ),
    file(
      input("x", [1, 4]),
      int64s("pads", [0, 2 ** 27, 0, 0]),
      node("Pad", ["x", "pads"], ["y"], { mode: "edge" }),
    ),
    file(
      input("x", [4]),
      int64s("axes", Array.from({ length: 500 }, (_, i) => i)),
      node("Unsqueeze", ["x", "axes"], ["y"]),
    ),
  ];
  // Nothing, in endlessly many rows.
  const nothing = initializer("none", FLOAT, [2n ** 50n, 5, 0], new Uint8Array());
  greedy.push(
    asks(nothing, int64s("first", [0]), node("Gather", ["none", "first"], ["big"], { axis: 1 })),
    asks(nothing, node("Concat", ["none", "none"], ["big"], { axis: 1 })),
  );
  for (const bytes of greedy) assertThrows(() => read(bytes), ModelError, "Cannot read ONNX");
});

/** Files of each kind that the next test damages; `SIMDET_MUTANTS=20000` for a long look. */
const MUTANTS = Number(Deno.env.get("SIMDET_MUTANTS") ?? 1500);

Deno.test(`${MUTANTS} files with damaged bytes and ${MUTANTS} with damaged fields: a typed error, or a graph within the file's means`, async () => {
  const seed = seedOf(31), random = new Random(seed);
  const originals = [
    ...networks.filter(({ name }) => name !== "resnext").map(({ name }) => fixture(`${name}.onnx`)),
    ...(await cases()).map(({ model }) => fromBase64(model)),
  ];
  const damages: ((bytes: Uint8Array) => Uint8Array)[] = [
    (bytes) => mutate(bytes, random),
    (bytes) => {
      const fields = parseFields(bytes);
      for (let count = random.integer(1, 3); count > 0; count--) damageFields(fields, random);
      return writeFields(fields);
    },
  ];
  for (const damage of damages) {
    let legal = 0;
    for (let round = 0; round < MUTANTS; round++) {
      const bytes = damage(random.pick(originals));
      try {
        const { constants } = read(bytes);
        const values = [...constants.values()].reduce((sum, { data }) => sum + data.length, 0);
        assert(values <= 2 ** 20 + 8 * bytes.length);
        legal++;
      } catch (error) {
        assert(error instanceof SimdetError, `seed ${seed}, round ${round}: ${(error as Error).stack}`);
      }
    }
    assert(legal > 0 && legal < MUTANTS);
  }
});
