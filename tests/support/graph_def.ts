/** TensorFlow.js models written by hand, and what TensorFlow.js itself computes of them. */
import "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { elements, type Shape, type Tensor } from "../../src/tensor.ts";
import type { Random } from "./random.ts";

/** An attribute in protobuf's JSON. */
export type Attr = Readonly<Record<string, unknown>>;

/** Attributes by kind. */
export const attr = {
  text: (value: string): Attr => ({ s: btoa(value) }),
  texts: (...values: string[]): Attr => ({ list: { s: values.map(btoa) } }),
  integers: (...values: number[]): Attr => ({ list: { i: values.map(String) } }),
  integer: (value: number): Attr => ({ i: String(value) }),
  float: (value: number): Attr => ({ f: value }),
  flag: (value: boolean): Attr => ({ b: value }),
};

const FLOAT: Attr = { type: "DT_FLOAT" };

const dims = (shape: Shape) => ({ dim: shape.map((size) => ({ size: String(size) })) });

/** Collects the nodes and weights of a graph model; the last node is its output. */
export class GraphDef {
  readonly nodes: Record<string, unknown>[] = [];
  readonly weights: { name: string; shape: Shape; dtype: string }[] = [];
  readonly #bytes: number[] = [];

  /** The input `x`. */
  input(shape: Shape): string {
    this.nodes.push({ name: "x", op: "Placeholder", attr: { dtype: FLOAT, shape: { shape: dims(shape) } } });
    return "x";
  }

  /** A constant of numbers. */
  constant(shape: Shape, values: ArrayLike<number>, dtype: "float32" | "int32" = "float32"): string {
    const name = `const${this.weights.length}`, type = dtype === "int32" ? "DT_INT32" : "DT_FLOAT";
    this.nodes.push({
      name,
      op: "Const",
      attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape: dims(shape) } } },
    });
    this.weights.push({ name, shape, dtype });
    const data = dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
    for (const byte of new Uint8Array(data.buffer)) this.#bytes.push(byte);
    return name;
  }

  /** A list of integers, or one. */
  integers(...values: number[]): string {
    return this.constant([values.length], values, "int32");
  }

  /** One integer. */
  integer(value: number): string {
    return this.constant([], [value], "int32");
  }

  /** Random weights. */
  random(random: Random, ...shape: number[]): string {
    return this.constant(shape, random.tensor(shape).data.map((value) => value / 3));
  }

  /** A node. */
  node(op: string, input: readonly string[], attrs: Readonly<Record<string, Attr>> = {}): string {
    const name = `node${this.nodes.length}`;
    this.nodes.push({ name, op, input, attr: { T: FLOAT, ...attrs } });
    return name;
  }

  /** The shard. */
  get shard(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  /** `model.json`, parsed. */
  get json(): { modelTopology: { node: Record<string, unknown>[] }; weightsManifest: unknown[] } {
    return {
      modelTopology: { node: this.nodes },
      weightsManifest: [{ paths: ["shard"], weights: this.weights }],
    };
  }
}

/** The outputs of TensorFlow.js, in the order of the outputs' names. */
export async function runTfjs(model: GraphDef, input: Tensor, outputs: readonly string[]): Promise<Tensor[]> {
  await tf.setBackend("wasm");
  const { modelTopology } = model.json;
  const graph = await loadGraphModel({
    load: () =>
      Promise.resolve({
        modelTopology: { ...modelTopology, versions: { producer: 1 } },
        weightSpecs: model.weights.map((weight) => ({ ...weight, shape: [...weight.shape] })) as never,
        weightData: model.shard.buffer,
      }),
  });
  const x = tf.tensor(input.data, [...input.shape]);
  const results = graph.execute({ x }, [...outputs]) as tf.Tensor | tf.Tensor[];
  return await Promise.all(
    [results].flat().map(async (result) => {
      const data = Float32Array.from(await result.data());
      if (data.length !== elements(result.shape)) throw new Error("TensorFlow.js gave a broken tensor");
      return { shape: result.shape, data };
    }),
  );
}
