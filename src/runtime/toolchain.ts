/**
 * What models need that are not compiled. `mod.ts` brings it along, `runtime.ts` leaves it out, and the command line has it come when it is wanted: hosts load
 * ahead whatever a module imports, at once or later, so nothing that runs compiled programs imports it.
 *
 * @module
 */

import type { Program } from "../compiler/memory_map.ts";
import { ModelError } from "../errors.ts";
import type { ReadOptions } from "../formats/fetch.ts";
import type { Graph } from "../graph/graph.ts";
import type { Host } from "../kernels/emitter.ts";

/** Readers of files with the networks of the zoo, builders of graphs, the compiler. */
export interface Toolchain {
  /** `readModel` of `src/detection/read_model.ts`. */
  readModel(source: Uint8Array | URL | string, options: ReadOptions): Promise<Graph>;
  /** `withRgbaInput` of `src/graph/rgba_input.ts`. */
  withRgbaInput(graph: Graph): Graph;
  /** `compile` of `src/compiler/program.ts`. */
  compile(graph: Graph, host: Host): Program;
}

let provider: (() => Promise<Toolchain>) | undefined;

/** Tells where the toolchain comes from. */
export function provideToolchain(provide: () => Promise<Toolchain>): void {
  provider = provide;
}

/**
 * The toolchain, for a model that is not compiled.
 *
 * @throws {ModelError} If there is none.
 */
export async function toolchain(): Promise<Toolchain> {
  if (!provider) {
    throw new ModelError(
      "Cannot load model: it is not a compiled program, and runtime.ts runs nothing else; import mod.ts, or compile it once: convert.ts MODEL --compiled -o MODEL.program",
    );
  }
  return await provider();
}
