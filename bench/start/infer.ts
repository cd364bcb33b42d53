/**
 * Opens a model file and runs it: `deno run --allow-read bench/start/infer.ts FILE [MS]`; prints the milliseconds of the first run and, where MS is given, of
 * the fastest of those that follow it for so long.
 *
 * @module
 */

import { type ByteSource, decodeProgram, readModel, Session } from "../../mod.ts";
import { noise } from "../support/noise.ts";

/** What is printed, in milliseconds. */
export interface Inference {
  readonly first: number;
  readonly steady?: number;
}

/** A file of which every part is read straight to where it belongs. */
function fileSource(path: string): ByteSource {
  const file = Deno.openSync(path);
  return {
    size: file.statSync().size,
    read(at, into) {
      file.seekSync(at, Deno.SeekMode.Start);
      for (let done = 0; done < into.length;) {
        const count = file.readSync(into.subarray(done));
        if (count === null) throw new Error(`${path}: the file ends early`);
        done += count;
      }
    },
  };
}

const [path, duration = "0"] = Deno.args;
using session = path.endsWith(".program")
  ? await Session.load(decodeProgram(fileSource(path)))
  : await Session.create(await readModel(await Deno.readFile(path)));
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
