/**
 * Runs a graph: one wasm memory that holds weights, activations and commands, and the kernels over it.
 *
 * @module
 */

import { compile, type MemoryPort, type Program } from "../compiler/program.ts";
import { HostError, OptionError } from "../errors.ts";
import type { Graph, Port } from "../graph/graph.ts";
import { elements, formatShape, sameShape, type Tensor } from "../tensor.ts";
import { detectSimd, instantiate, kernelModule, type Kernels, type Simd } from "./kernels.ts";
import { outerShape, readPort, writePort } from "./port.ts";
import { type LayerProfile, profile } from "./profile.ts";

/** How to set a session up. */
export interface SessionOptions {
  /** Threads to use; `"auto"` and 1 both mean one. */
  readonly threads?: number | "auto";
  /** Kernels, already compiled, for hosts that refuse to compile bytes (Cloudflare Workers): the build of `simd`. */
  readonly wasmModule?: WebAssembly.Module;
  /** Which build to run; the best one of the host when left out. */
  readonly simd?: Simd;
}

/** What a session ended up with. */
export interface SessionInfo {
  readonly threads: number;
  readonly simd: Simd;
  readonly precision: "fp32";
  /** Bytes of constants (packed weights), arena (activations), workspace and commands. */
  readonly memory: Program["sizes"];
}

const PAGE = 65536;

/**
 * A compiled graph, ready to run any number of times. Nothing is allocated in wasm memory during a run.
 *
 * ```ts
 * import { type Graph, Session, type Tensor } from "./mod.ts";
 *
 * async function once(graph: Graph, input: Tensor): Promise<Tensor> {
 *   using session = await Session.create(graph);
 *   const outputs = await session.run({ [session.inputs[0].name]: input });
 *   return outputs[session.outputs[0].name];
 * }
 * ```
 */
export class Session implements Disposable {
  /** Tensors that `run` takes. */
  readonly inputs: readonly Port[];
  /** Tensors that `run` gives. */
  readonly outputs: readonly Port[];
  /** What the session runs on. */
  readonly info: SessionInfo;
  readonly #program: Program;
  #kernels: Kernels | undefined;
  #memory: WebAssembly.Memory | undefined;

  private constructor(program: Program, kernels: Kernels, memory: WebAssembly.Memory, simd: Simd) {
    const port = (port: MemoryPort): Port => ({ name: port.name, shape: outerShape(port) });
    this.inputs = program.inputs.map(port);
    this.outputs = program.outputs.map(port);
    this.info = { threads: 1, simd, precision: "fp32", memory: program.sizes };
    this.#program = program;
    this.#kernels = kernels;
    this.#memory = memory;
  }

  /**
   * Compiles a graph and loads its weights.
   *
   * @throws {GraphError} If the graph is not legal.
   * @throws {OptionError} If more than one thread is asked for.
   * @throws {HostError} If the host has no WASM SIMD, or not the memory.
   */
  static async create(graph: Graph, options: SessionOptions = {}): Promise<Session> {
    const { threads = "auto" } = options;
    if (threads !== "auto" && threads !== 1) {
      throw new OptionError(`Cannot run on ${threads} threads: this release runs on 1; pass 1 or "auto"`);
    }
    const simd = options.simd ?? detectSimd();
    const program = compile(graph, { relaxed: simd === "relaxed" });
    const module = options.wasmModule ?? await kernelModule(simd);
    let memory;
    try {
      memory = new WebAssembly.Memory({ initial: Math.ceil(program.sizes.total / PAGE) });
    } catch (cause) {
      throw new HostError(`Cannot allocate ${program.sizes.total} bytes for the program`, { cause });
    }
    program.write(memory.buffer);
    return new Session(program, await instantiate(module, memory), memory, simd);
  }

  /**
   * Runs the network on copies of `inputs` and gives copies of the outputs.
   *
   * @throws {OptionError} If an input is missing or misshapen.
   */
  // deno-lint-ignore require-await
  async run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    return this.runSync(inputs);
  }

  /**
   * As `run`, at once.
   *
   * @throws {OptionError} If an input is missing or misshapen.
   */
  runSync(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const memory = this.memory;
    for (const port of this.#program.inputs) {
      const tensor = inputs[port.name];
      const shape = outerShape(port);
      if (!tensor) {
        throw new OptionError(
          `Cannot run: input "${port.name}" (${formatShape(shape)}) is missing; given: ${
            Object.keys(inputs).join(", ") || "none"
          }`,
        );
      }
      if (!sameShape(tensor.shape, shape) || tensor.data.length !== elements(shape)) {
        throw new OptionError(
          `Cannot run: input "${port.name}" is ${
            formatShape(tensor.shape)
          } of ${tensor.data.length} values, wanted ${formatShape(shape)}`,
        );
      }
      writePort(port, memory.buffer, tensor.data);
    }
    this.execute();
    return Object.fromEntries(
      this.#program.outputs.map((port) => [
        port.name,
        { shape: outerShape(port), data: readPort(port, memory.buffer) },
      ]),
    );
  }

  /** Runs the network on what lies in the input's memory: `port` tells where, for those who write and read there directly. */
  execute(): void {
    const { begin, end } = this.#program.commands;
    this.kernels.run(begin, end);
  }

  /**
   * Where an input or output lies in `memory`.
   *
   * @throws {OptionError} If there is none of that name.
   */
  port(name: string): MemoryPort {
    const port = [...this.#program.inputs, ...this.#program.outputs].find((p) => p.name === name);
    if (!port) throw new OptionError(`Cannot find input or output "${name}"`);
    return port;
  }

  /** Times every layer over `runs` runs on the inputs of the last run; the fastest of each counts. */
  profile(runs = 10): LayerProfile[] {
    return profile(this.#program.steps, this.kernels, runs);
  }

  /**
   * Byte offset of at least `bytes` of memory beside the program's, for photos. Grows once to the largest request.
   *
   * @throws {HostError} If the host has not the memory.
   */
  scratch(bytes: number): number {
    const memory = this.memory;
    const offset = this.#program.sizes.total;
    const missing = Math.ceil((offset + bytes - memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      try {
        memory.grow(missing);
      } catch (cause) {
        throw new HostError(`Cannot allocate ${bytes} bytes of scratch memory`, { cause });
      }
    }
    return offset;
  }

  /** The kernels, over `memory`. */
  get kernels(): Kernels {
    if (!this.#kernels) throw new OptionError("Cannot use a session after dispose(): create another");
    return this.#kernels;
  }

  /** The one memory of the session; its buffer changes when it grows. */
  get memory(): WebAssembly.Memory {
    if (!this.#memory) throw new OptionError("Cannot use a session after dispose(): create another");
    return this.#memory;
  }

  /** Lets the memory go. The session cannot be used afterwards. */
  dispose(): void {
    this.#kernels = undefined;
    this.#memory = undefined;
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
