/**
 * Compiles a graph to a program: packed weights, an arena plan and a command buffer for the interpreter in wasm.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { JOINED } from "../../asm/kernels.ts";
import { type AnyNode, check, type Graph, macsOf, rgbaInputs } from "../graph/graph.ts";
import {
  type Address,
  align,
  type Command,
  type Emitter,
  type Host,
  type Region,
  type View,
  type Word,
} from "../kernels/emitter.ts";
import { opOf } from "../ops/index.ts";
import type { Choose } from "../ops/op.ts";
import { channelsOf, elements, formatShape } from "../tensor.ts";
import { planArena } from "./arena.ts";
import { MAX_BYTES, type MemoryPort, type Program, RESERVED } from "./memory_map.ts";
import { layOut } from "./layout.ts";
import { lifetimesOf, SLACK } from "./lifetimes.ts";
import { joinTwins } from "./twins.ts";
import { optimize } from "./passes/index.ts";
import type { Log } from "./passes/pass.ts";

/** Words of a command before its parameter block: kernel, length, tiles. */
const HEADER_WORDS = 3;
/** Collects what lowering emits. */
class Recorder implements Emitter {
  host: Host;
  readonly commands: Command[] = [];
  readonly fills: { offset: number; floats: number; fill: (to: Float32Array) => void }[] = [];
  constantBytes = 0;
  workspaceBytes = 0;

  constructor(host: Host) {
    this.host = host;
  }

  constant(floats: number, fill: (to: Float32Array) => void): Address {
    const offset = this.constantBytes;
    this.fills.push({ offset, floats, fill });
    this.constantBytes = align(offset + floats * 4);
    return { region: "constants", offset };
  }

  workspace(bytes: number): Address {
    this.workspaceBytes = Math.max(this.workspaceBytes, align(bytes));
    return { region: "workspace", offset: 0 };
  }

  emit(command: Command): void {
    this.commands.push(command);
  }
}

/** Bytes a command takes in the buffer. */
function commandBytes(command: Command): number {
  return (HEADER_WORDS + command.words.length) * 4;
}

/** Writes a command at a byte offset. */
function writeCommand(
  command: Command,
  view: DataView,
  at: number,
  bases: Readonly<Record<Region, number>>,
  joined: boolean,
): void {
  const put = (word: Word) => {
    if (typeof word === "number") view.setInt32(at, word, true);
    else if ("f32" in word) view.setFloat32(at, word.f32, true);
    else view.setUint32(at, bases[word.region] + word.offset, true);
    at += 4;
  };
  [
    command.opcode | (joined ? JOINED : 0),
    HEADER_WORDS + command.words.length,
    command.tiles,
    ...command.words,
  ].forEach(put);
}

/** A node and its commands: from `first` on, within [from, to), which twins share. */
interface Lowered {
  readonly node: AnyNode;
  readonly first: number;
  readonly from: number;
  readonly to: number;
  /** Whether it shares them with the next node. */
  readonly joined: boolean;
}

/** Lowers a node, or twins: these for their part of the threads, each command beside its like. The indices of commands that are joined with the next go to `joined`. */
function lowerFamily(
  family: readonly AnyNode[],
  lower: (node: AnyNode, emitter: Emitter) => void,
  recorder: Recorder,
  joined: Set<number>,
): Lowered[] {
  const { host } = recorder, trial = new Recorder({ ...host, threads: host.threads / family.length });
  if (family.length > 1) family.forEach((node) => lower(node, trial));
  // What one of several commands leaves in the workspace for the next, the twin's would overwrite.
  const each = trial.commands.length / family.length;
  const together = each === 1 || each > 1 && trial.workspaceBytes === 0;
  if (!together) {
    return family.map((node) => {
      const from = recorder.commands.length;
      lower(node, recorder);
      return { node, first: from, from, to: recorder.commands.length, joined: false };
    });
  }
  const from = recorder.commands.length;
  recorder.host = trial.host;
  family.forEach((node) => lower(node, recorder));
  recorder.host = host;
  const commands = recorder.commands.splice(from);
  commands.forEach((_, i) => {
    if ((i + 1) % family.length > 0) joined.add(from + i);
    recorder.commands.push(commands[i % family.length * each + Math.floor(i / family.length)]);
  });
  const to = recorder.commands.length;
  return family.map((node, i) => ({ node, first: from + i, from, to, joined: i + 1 < family.length }));
}

/**
 * Compiles a graph: runs the passes, lays out memory, lowers every node. Of the ways in which a node can run `choose` picks one: those who measure
 * or test others than the first tell which.
 *
 * @throws {GraphError} If the graph is not legal, an output is a constant or an input, or the program does not fit into memory.
 */
export function compile(
  source: Graph,
  host: Host,
  log?: Log,
  choose: Choose = ([first]) => first,
): Program {
  check(source);
  const optimized = optimize(source, log);
  const shapes = check(optimized);
  const ordered = joinTwins(optimized, shapes, host.threads), { graph, families } = ordered;
  const computed = new Set(graph.nodes.map((node) => node.name));
  for (const name of graph.outputs) {
    if (!computed.has(name)) {
      throw new GraphError(`Cannot compile graph: output "${name}" is not computed by a node`);
    }
  }
  const layout = layOut(graph, shapes, host.threads);
  const { places } = layout;
  const arena = planArena(lifetimesOf(ordered, layout), host.threads);

  const recorder = new Recorder(host);
  const viewOf = (name: string, emitter: Emitter): View => {
    const shape = shapes.get(name)!;
    const tensor = graph.constants.get(name);
    if (tensor) {
      const address = emitter.constant(tensor.data.length, (to) => to.set(tensor.data));
      return { address, shape, stride: channelsOf(shape) * 4 };
    }
    const { root, offset, stride } = places.get(name)!;
    return { address: { region: "arena", offset: arena.offsets.get(root)! + offset }, shape, stride };
  };
  const lower = (node: AnyNode, emitter: Emitter) =>
    opOf(node.op).lower({
      attrs: node.attrs,
      input: (index) => viewOf(node.inputs[index], emitter),
      constant: (index) => graph.constants.get(node.inputs[index]),
      inputs: node.inputs.length,
      output: viewOf(node.name, emitter),
      emitter,
      choose,
    });
  const ranges: Lowered[] = [], joined = new Set<number>();
  for (let i = 0; i < graph.nodes.length; i += families[i]) {
    ranges.push(...lowerFamily(graph.nodes.slice(i, i + families[i]), lower, recorder, joined));
  }

  const commandOffsets = [0];
  for (const command of recorder.commands) {
    commandOffsets.push(commandOffsets.at(-1)! + commandBytes(command));
  }
  const bases = { constants: RESERVED, arena: 0, workspace: 0 };
  bases.arena = bases.constants + align(recorder.constantBytes + SLACK);
  bases.workspace = bases.arena + arena.bytes;
  const begin = bases.workspace + recorder.workspaceBytes * host.threads;
  const end = begin + commandOffsets.at(-1)!;
  const total = align(end);
  if (total > MAX_BYTES) {
    throw new GraphError(
      `Cannot compile graph: it needs ${total} bytes of memory, at most ${MAX_BYTES} can be had`,
    );
  }

  const rgba = rgbaInputs(source);
  const port = (name: string): MemoryPort => {
    const { address, shape, stride } = viewOf(name, recorder);
    return {
      name,
      shape,
      offset: bases.arena + address.offset,
      stride,
      nchw: source.nchw?.includes(name) ?? false,
      rgba: rgba.has(name),
    };
  };
  return {
    inputs: graph.inputs.map(({ name }) => port(name)),
    outputs: graph.outputs.map(port),
    steps: ranges.filter(({ from, to }) => to > from).map(({ node, first, from, to, joined }) => ({
      name: node.name,
      op: node.op,
      kernel: recorder.commands[first].kernel,
      reason: recorder.commands[first].reason,
      inputs: node.inputs.filter((name) => !graph.constants.has(name)).map((name) =>
        formatShape(shapes.get(name)!)
      )
        .join(" "),
      outputs: formatShape(shapes.get(node.name)!),
      macs: macsOf(node, shapes),
      bytes: 4 * [...node.inputs, node.name].reduce((sum, name) => sum + elements(shapes.get(name)!), 0),
      joined,
      begin: begin + commandOffsets[from],
      end: begin + commandOffsets[to],
    })),
    sizes: {
      constants: recorder.constantBytes,
      arena: arena.bytes,
      workspace: recorder.workspaceBytes * host.threads,
      commands: end - begin,
      total,
    },
    commands: { begin, end },
    workspaceBytes: recorder.workspaceBytes,
    write(memory) {
      for (const { offset, floats, fill } of recorder.fills) {
        fill(new Float32Array(memory, bases.constants + offset, floats));
      }
      const view = new DataView(memory);
      recorder.commands.forEach((command, i) =>
        writeCommand(command, view, begin + commandOffsets[i], bases, joined.has(i))
      );
    },
  };
}
