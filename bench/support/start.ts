/**
 * Cold starts: whole processes that open a model and run it.
 *
 * @module
 */

import type { Inference } from "../start/first_runs.ts";
import { runScript } from "./script.ts";

/** Milliseconds of runs behind the first, enough for V8 to replace all kernels by their optimised code. */
const STEADY_MS = 1000;

/** Users know none of the packages that benchmarks need. */
const USER = ["--config", "deno.json"];

/** One model file opened in two processes, one that ends behind its first inference and one that goes on. */
export interface Start {
  /** Milliseconds from the start of the process to its exit behind the first inference. */
  readonly wall: number;
  /** Milliseconds of the first inference. */
  readonly first: number;
  /** Milliseconds of the fastest of many that follow. */
  readonly steady: number;
}

/** Measures the start from a model file. */
export async function measureStart(path: string, env: Readonly<Record<string, string>> = {}): Promise<Start> {
  const entry = path.endsWith(".program") ? "from_program.ts" : "from_weights.ts";
  const script = [...USER, `bench/start/${entry}`, path];
  // The long process comes first: it leaves compiled scripts behind, which Deno keeps for one set of V8's flags at a time.
  const { stdout } = await runScript([...script, String(STEADY_MS)], { env });
  const { first, steady }: Inference = JSON.parse(stdout);
  const { wall } = await runScript(script, { env });
  return { wall, first, steady: steady! };
}

/** Measures what `deno run` takes for an empty script, in milliseconds. */
export async function measureBare(): Promise<number> {
  return (await runScript([...USER, "bench/start/empty.ts"])).wall;
}

/** Measures what it takes to read a file and to touch `bytes` of memory for the first time, in milliseconds of a process. */
export async function measureTouch(path: string, bytes: number): Promise<number> {
  return (await runScript([...USER, "bench/start/touch.ts", path, String(bytes)])).wall;
}
