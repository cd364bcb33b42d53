/**
 * Decides which tensors share memory. A concatenation costs nothing when its inputs are written straight into it, a reshape when it
 * is the same memory under another shape: such values get a place inside another one's buffer, the others a buffer of their own.
 *
 * @module
 */

import type { AnyNode, Graph } from "../graph/graph.ts";
import { ALIGNMENT } from "../kernels/emitter.ts";
import { opOf } from "../ops/index.ts";
import { channelsOf, rowsOf, type Shape } from "../tensor.ts";

/** Where a value lies: `offset` bytes into the buffer named after its `root`, rows `stride` bytes apart. */
export interface Place {
  readonly root: string;
  readonly offset: number;
  readonly stride: number;
}

/** The place of every value, and the bytes of every buffer. */
export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly buffers: ReadonlyMap<string, number>;
}

/** Values that are read as they lie by the caller, or as another shape. */
function denseValues(graph: Graph, shapes: ReadonlyMap<string, Shape>): Set<string> {
  const reshaped = graph.nodes.filter((node) =>
    opOf(node.op).alias?.(node.attrs, node.inputs.map((name) => shapes.get(name)!), shapes.get(node.name)!)
      ?.kind === "same_values"
  );
  return new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.outputs,
    ...reshaped.flatMap(({ name, inputs }) => [name, inputs[0]]),
  ]);
}

/** Rows at a multiple of this many bytes fall on few sets of a first-level cache, and push each other out. */
const CRITICAL_STRIDE = 1024;
/** Rows from which the stride is worth padding. */
const MANY_ROWS = 8;

/** Lays out the values of a graph whose shapes are known, for so many threads. */
export function layOut(graph: Graph, shapes: ReadonlyMap<string, Shape>, threads: number): Layout {
  const places = new Map<string, Place>();
  const buffers = new Map<string, number>();
  const shapeOf = (name: string) => shapes.get(name)!;
  const keptDense = denseValues(graph, shapes);
  const own = (name: string): Place => {
    const shape = shapeOf(name);
    const dense = channelsOf(shape) * 4;
    const pad = dense % CRITICAL_STRIDE === 0 && rowsOf(shape) >= MANY_ROWS && !keptDense.has(name);
    const stride = pad ? dense + ALIGNMENT : dense;
    const place = { root: name, offset: 0, stride };
    places.set(name, place);
    buffers.set(name, rowsOf(shape) * stride);
    return place;
  };
  /** Whether the same memory can be read as both shapes at this stride. */
  const sameRows = (a: Shape, b: Shape, stride: number) =>
    channelsOf(a) === channelsOf(b) || stride === channelsOf(a) * 4;
  const restride = (a: Shape, b: Shape, stride: number) =>
    channelsOf(a) === channelsOf(b) ? stride : channelsOf(b) * 4;
  const aliasOf = (node: AnyNode) =>
    opOf(node.op).alias?.(node.attrs, node.inputs.map(shapeOf), shapeOf(node.name));

  // Readers before writers: the outermost concatenation claims its inputs first, and they theirs inside it.
  for (const node of graph.nodes.toReversed()) {
    const alias = aliasOf(node);
    const place = places.get(node.name) ?? (alias?.kind === "inputs_in_output" ? own(node.name) : undefined);
    if (!alias || !place) continue;
    node.inputs.forEach((input, i) => {
      if (graph.constants.has(input) || places.has(input)) return;
      const { root, offset, stride } = place;
      if (alias.kind === "inputs_in_output") {
        const { row, column } = alias.parts[i];
        const dense = channelsOf(shapeOf(input)) * 4;
        // One row has no stride of its own: it stays dense, as reshapes of it want.
        const inner = rowsOf(shapeOf(input)) === 1 ? dense : stride;
        places.set(input, { root, offset: offset + row * stride + column * 4, stride: inner });
      } else if (alias.kind === "same_values" && sameRows(shapeOf(node.name), shapeOf(input), stride)) {
        places.set(input, { root, offset, stride: restride(shapeOf(node.name), shapeOf(input), stride) });
      }
    });
  }

  const readers = new Map<string, number>();
  for (const name of graph.nodes.flatMap(({ inputs }) => inputs)) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const holders = new Set(
    [...places].filter(([name, { root }]) => root !== name).map(([, { root }]) => root),
  );
  /** Whether a value has its buffer for itself, and one node alone reads it. */
  const isSpent = (name: string, { root }: Place) =>
    root === name && !holders.has(name) && readers.get(name) === 1 && !graph.outputs.includes(name);

  for (const { name } of graph.inputs) if (!places.has(name)) own(name);
  for (const node of graph.nodes) {
    if (places.has(node.name)) continue;
    const alias = aliasOf(node);
    const input = places.get(node.inputs[0]);
    if (alias && input) {
      const from = shapeOf(node.inputs[0]), to = shapeOf(node.name);
      if (alias.kind === "output_in_input") {
        const { row, column } = alias.part;
        places.set(node.name, { ...input, offset: input.offset + row * input.stride + column * 4 });
        continue;
      }
      if (alias.kind === "same_values" && sameRows(from, to, input.stride)) {
        places.set(node.name, { ...input, stride: restride(from, to, input.stride) });
        continue;
      }
      const fits = !keptDense.has(node.name) || input.stride === channelsOf(to) * 4;
      if (alias.kind === "output_behind_input" && threads === 1 && fits && isSpent(node.inputs[0], input)) {
        const shift = alias.rows * from[2] * input.stride;
        places.set(node.inputs[0], { ...input, offset: shift });
        places.set(node.name, input);
        buffers.set(input.root, buffers.get(input.root)! + shift);
        continue;
      }
    }
    own(node.name);
  }
  return { places, buffers };
}
