/**
 * Runs a graph: one wasm memory that holds weights, activations and commands, and the kernels over it.
 *
 * @module
 */

import type { CommandRange, MemoryPort, MemorySizes, Program } from "../compiler/memory_map.ts";
import type { CompiledModel } from "../compiler/program_file.ts";
import { HostError, OptionError } from "../errors.ts";
import type { Graph, Port } from "../graph/graph.ts";
import type { Arch } from "../kernels/emitter.ts";
import { elements, formatShape, type RgbaTensor, sameShape, type Tensor } from "../tensor.ts";
import { buildOf, writeChecked } from "./compiled.ts";
import { type Build, chooseBuild, instantiate, kernelModule, type Kernels, type Simd } from "./kernels.ts";
import { allocateMemory, PAGE } from "./memory.ts";
import { inputShape, outputShape, readPort, writePort } from "./port.ts";
import { type LayerProfile, measurePeaks, type Peaks, profile } from "./profile.ts";
import { autoThreads, checkThreads, type PoolSetup, ThreadPool, whySingle } from "./threads.ts";
import { toolchain } from "./toolchain.ts";

/** How to set a session up. */
export interface SessionOptions {
  /**
   * Threads to use, 1 to 16; `"auto"` means the host's cores, at most 4. 1 when left out. Workers start with the second run, so that a single photo
   * does not pay for them; `dispose` ends them.
   */
  readonly threads?: number | "auto";
  /** Kernels, already compiled, for hosts that refuse to compile bytes (Cloudflare Workers): the build of `simd`. */
  readonly wasmModule?: WebAssembly.Module;
  /** Which instructions to use; the best ones of the host when left out. */
  readonly simd?: Simd;
  /** Whose register tiles to use; the host's own when left out. Any host runs both. */
  readonly arch?: Arch;
  /** Most memory that the model may need, in MiB; 1024 when left out. A small file can ask for gigabytes. */
  readonly maxMemory?: number;
}

/** A tensor that a session takes. */
export interface SessionInput extends Port {
  /** Whether it is the RGBA bytes of photos, `[n, h, w, 4]`. */
  readonly rgba?: boolean;
}

/** What a session ended up with. */
export interface SessionInfo {
  /** Threads that take part once they have started. */
  readonly threads: number;
  /** Why there is but one thread although more were asked for. */
  readonly threadsNote?: string;
  /** Instructions that the kernels use. */
  readonly simd: Simd;
  /** Processor whose register tiles they have. */
  readonly arch: Arch;
  /** Precision of weights and activations. */
  readonly precision: "fp32";
  /** Bytes of constants (packed weights), arena (activations), workspace and commands. */
  readonly memory: MemorySizes;
}

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
  readonly inputs: readonly SessionInput[];
  /** Tensors that `run` gives. */
  readonly outputs: readonly Port[];
  /** What the session runs on. */
  readonly info: SessionInfo;
  #peaks: Peaks | undefined;
  readonly #program: Program;
  readonly #pool: ThreadPool | undefined;
  #kernels: Kernels | undefined;
  #memory: WebAssembly.Memory | undefined;

  private constructor(program: Program, setup: PoolSetup, build: Build, threadsNote: string | undefined) {
    this.inputs = program.inputs.map((port) => ({
      name: port.name,
      shape: inputShape(port),
      ...(port.rgba && { rgba: true }),
    }));
    this.outputs = program.outputs.map((port) => ({ name: port.name, shape: outputShape(port) }));
    this.info = {
      threads: setup.threads,
      ...(threadsNote !== undefined && { threadsNote }),
      ...build,
      precision: "fp32",
      memory: program.sizes,
    };
    this.#program = program;
    this.#kernels = setup.kernels;
    this.#memory = setup.memory;
    if (setup.threads > 1) this.#pool = new ThreadPool(setup);
  }

  /**
   * Compiles a graph and loads its weights.
   *
   * @throws {GraphError} If the graph is not legal.
   * @throws {OptionError} If the number of threads is out of range.
   * @throws {ModelError} If it needs more memory than `maxMemory`, or `runtime.ts` alone is imported.
   * @throws {HostError} If the host has no WASM SIMD, or not the memory.
   */
  static async create(graph: Graph, options: SessionOptions = {}): Promise<Session> {
    const { threads, note } = threadsFor(options);
    const build = chooseBuild(options.simd, options.arch);
    const { compile } = await toolchain();
    const program = compile(graph, { arch: build.arch, threads });
    return await Session.#start(program, build, threads, options, note, (memory) => program.write(memory));
  }

  /**
   * Starts a compiled program: its weights are read straight into place. What `SessionOptions` has beside these options was settled when it was compiled.
   *
   * @throws {ModelError} If it is damaged, was compiled for another host or release, or needs more memory than `maxMemory`.
   * @throws {HostError} If the host has no WASM SIMD, or not the memory.
   */
  static async load(
    model: CompiledModel,
    options: Pick<SessionOptions, "wasmModule" | "maxMemory"> = {},
  ): Promise<Session> {
    const { threads, note } = threadsFor({ threads: model.target.threads, wasmModule: options.wasmModule });
    const build = await buildOf(model);
    return await Session.#start(
      model.program,
      build,
      threads,
      options,
      note,
      (memory, kernels) => writeChecked(model, memory, kernels),
    );
  }

  static async #start(
    program: Program,
    build: Build,
    threads: number,
    { wasmModule, maxMemory }: Pick<SessionOptions, "wasmModule" | "maxMemory">,
    note: string | undefined,
    write: (memory: ArrayBufferLike, kernels: Promise<Kernels>) => void | Promise<void>,
  ): Promise<Session> {
    const memory = allocateMemory(program.sizes.total, { shared: threads > 1, maxMemory });
    const compiling = Promise.resolve(
      wasmModule ?? kernelModule(build, threads > 1 ? memory.buffer.byteLength / PAGE : undefined),
    );
    const instantiating = compiling.then((module) => instantiate(module, memory));
    const [module, kernels] = await Promise.all([
      compiling,
      instantiating,
      write(memory.buffer, instantiating),
    ]);
    const { workspaceBytes } = program;
    return new Session(program, { module, memory, kernels, threads, workspaceBytes }, build, note);
  }

  /**
   * Runs the network on copies of `inputs` and gives copies of the outputs.
   *
   * @throws {OptionError} If an input is missing, misshapen, or no Float32Array (of bytes: no Uint8Array or Uint8ClampedArray).
   */
  // deno-lint-ignore require-await
  async run(inputs: Readonly<Record<string, Tensor | RgbaTensor>>): Promise<Record<string, Tensor>> {
    return this.runSync(inputs);
  }

  /**
   * As `run`, at once.
   *
   * @throws {OptionError} If an input is missing, misshapen, or no Float32Array (of bytes: no Uint8Array or Uint8ClampedArray).
   */
  runSync(inputs: Readonly<Record<string, Tensor | RgbaTensor>>): Record<string, Tensor> {
    const memory = this.memory;
    this.#pool?.call();
    for (const port of this.#program.inputs) {
      const tensor = inputs[port.name];
      const shape = inputShape(port);
      if (!tensor) {
        throw new OptionError(
          `Cannot run: input "${port.name}" (${formatShape(shape)}) is missing; given: ${
            Object.keys(inputs).join(", ") || "none"
          }`,
        );
      }
      const types = port.rgba ? ["Uint8Array", "Uint8ClampedArray"] : ["Float32Array"];
      if (!types.includes(tensor.data?.[Symbol.toStringTag]) || !Array.isArray(tensor.shape)) {
        throw new OptionError(
          `Cannot run: input "${port.name}" is not { shape, data }, of numbers and of a ${
            types.join(" or ")
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
        { shape: outputShape(port), data: readPort(port, memory.buffer) },
      ]),
    );
  }

  /**
   * Runs the network on what lies in the input's memory: `port` tells where, for those who write and read there directly.
   *
   * @throws {HostError} If a kernel or a thread fails; the memory then holds parts of a result.
   */
  execute(): void {
    this.#run(this.#program.commands);
  }

  /** Starts the other threads now, instead of with the second run; resolves when they are ready. */
  async start(): Promise<void> {
    await this.#pool?.start();
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

  /** What the machine could do at best with this session's threads and kernels; measured once. */
  get peaks(): Peaks {
    return this.#peaks ??= measurePeaks(this.kernels, this.info.threads);
  }

  /**
   * Times every layer over `runs` runs on invented inputs; the fastest of each counts. What loses most time against the machine's peaks
   * comes first. Only threads that have started take part: `start` starts them, `threads` of a layer counts them.
   *
   * @throws {OptionError} If there is to be no run.
   */
  profile(runs = 10): LayerProfile[] {
    if (!(runs >= 1)) throw new OptionError(`runs must be a number of at least 1, not ${runs}`);
    // Layers have taken the inputs' place; what they left there would shrink from run to run to numbers that processors are slow with.
    const inputs = this.#program.inputs.map((port) =>
      [port, Float32Array.from({ length: elements(port.shape) }, (_, i) => i % 251 / 251)] as const
    );
    const begin = () => inputs.forEach(([port, data]) => writePort(port, this.memory.buffer, data));
    return profile(this.#program.steps, begin, (step) => this.#run(step), runs, () => this.peaks);
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
    this.#pool?.dispose();
    this.#kernels = undefined;
    this.#memory = undefined;
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Runs commands; gives the number of threads that took part. */
  #run({ begin, end }: CommandRange): number {
    const kernels = this.kernels;
    try {
      if (this.#pool) return this.#pool.run(begin, end);
      kernels.run(begin, end);
      return 1;
    } catch (cause) {
      if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
      throw new HostError(`Cannot finish the run: a kernel failed: ${cause.message}`, { cause });
    }
  }
}

/**
 * How many threads a session gets, and why no more where there is but one.
 *
 * @throws {OptionError} If the number asked for is out of range.
 */
function threadsFor({ threads, wasmModule }: SessionOptions): { threads: number; note?: string } {
  const asked = threads === "auto" ? autoThreads() : threads ?? 1;
  checkThreads(asked);
  if (asked === 1) return { threads: 1 };
  const note = wasmModule ? "a module given as wasmModule runs on one thread" : whySingle();
  return note === undefined ? { threads: asked } : { threads: 1, note };
}
