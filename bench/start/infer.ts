/**
 * Opens a model file and runs it: `deno run --allow-read bench/start/infer.ts FILE [MS]`; prints the milliseconds of the first run and, where MS is given, of
 * the fastest of those that follow it for so long.
 *
 * @module
 */

import { decodeProgram, Session } from "../../runtime.ts";
import { fileSource } from "../../src/cli/file_source.ts";
import { noise } from "../support/noise.ts";

/** What is printed, in milliseconds. */
export interface Inference {
  readonly first: number;
  readonly steady?: number;
}

const [path, duration = "0"] = Deno.args;
using session = path.endsWith(".program")
  ? await Session.load(await decodeProgram(fileSource(path)))
  : await Session.create(await (await import("../../mod.ts")).readModel(await Deno.readFile(path)));
const inputs = noise(session.inputs);
const run = () => {
  const start = performance.now();
  session.runSync(inputs);
  return performance.now() - start;
};

const first = run();
let steady: number | undefined;
for (const end = performance.now() + Number(duration); performance.now() < end;) {
  steady = Math.min(steady ?? Infinity, run());
}
const inference: Inference = { first, steady };
console.log(JSON.stringify(inference));
