/**
 * Compiles models ahead of time.
 *
 * @module
 */

import { compile } from "../compiler/program.ts";
import { encodeProgram } from "../compiler/program_file.ts";
import type { Graph } from "../graph/graph.ts";
import { checksumOf } from "./compiled.ts";
import { type Build, chooseBuild, instantiate, kernelModule, kernelsId } from "./kernels.ts";
import { allocateMemory } from "./memory.ts";
import { checkThreads } from "./threads.ts";

/** What to compile for. */
export interface CompileOptions extends Partial<Build> {
  /** Threads that the program will run on. Default 1. */
  readonly threads?: number;
  /** Most memory that the program may need, in MiB. Default 1024. */
  readonly maxMemory?: number;
  /** What the model file is known by, for those who keep programs beside it. Default nothing. */
  readonly source?: string;
}

/**
 * Compiles a graph for one build of the kernels: the host's own unless told otherwise.
 *
 * @returns The bytes of the program, for `Session.load`, `Detector.load` and `Classifier.load`.
 * @throws {GraphError} If the graph is not legal.
 * @throws {OptionError} If the number of threads is out of range.
 * @throws {ModelError} If it needs more memory than `maxMemory`.
 */
export async function compileModel(graph: Graph, options: CompileOptions = {}): Promise<Uint8Array> {
  const { threads = 1, source = "" } = options;
  checkThreads(threads);
  const build = chooseBuild(options.simd, options.arch);
  const program = compile(graph, { arch: build.arch, threads });
  const memory = allocateMemory(program.sizes.total, { maxMemory: options.maxMemory });
  await program.write(memory.buffer);
  const checksum = checksumOf(await instantiate(await kernelModule(build), memory), program);
  const post = graph.info.postprocessing;
  const names = post?.kind === "ssd" ? [post.priors] : [];
  const tensors = new Map(names.map((name) => [name, graph.constants.get(name)!]));
  const target = { ...build, kernels: await kernelsId(build), threads };
  return await encodeProgram({ program, target, checksum, info: graph.info, tensors, source });
}
