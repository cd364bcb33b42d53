/**
 * Whole processes, photo to printed boxes with everything cached: `deno run --allow-read detect.ts PHOTO` beside a TensorFlow.js script that does the
 * same (`peers/tfjs_detect.ts`): `deno task bench:process [PHOTO]`. Linux alone tells what is read here.
 *
 * What is measured, of each process: wall time from start to exit; processor time (user and system, all its threads, in steps of 10 ms);
 * peak resident memory (`VmHWM`, as last seen before the exit: it is read every few milliseconds, and never shrinks). Runs alternate; a ratio
 * is that of one round.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { weightsWithProgram } from "../src/cli/programs.ts";
import { HostError } from "../src/errors.ts";
import { cocoSsdFiles } from "./peers/coco_ssd_files.ts";
import { compare, type Comparison, type Comparisons, medianTable, ratioTable } from "./support/comparison.ts";
import { runCommand } from "./support/command.ts";
import { parseFlags } from "./support/flags.ts";
import { interleave } from "./support/interleave.ts";
import { peakMemory } from "./support/memory.ts";
import { photoPath } from "./support/photo.ts";
import { report, resultOf } from "./support/results.ts";
import { runScript } from "./support/script.ts";

/** What a process takes. */
interface Usage {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

/** Milliseconds a tick: Linux counts processor time in 1/100 s for all to see, whatever its own clock. */
const TICK_MS = 10;

/** Processor time of all children that have ended, in ms (`cutime` and `cstime`, proc_pid_stat(5)). */
function childrenTime(): number {
  const stat = Deno.readTextFileSync("/proc/self/stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** Runs a script to its end. */
async function start(args: readonly string[]): Promise<{ usage: Usage; stdout: string }> {
  const cpu = childrenTime();
  let memory = 0;
  const { wall, stdout } = await runScript(args, {
    watch: (pid) => memory = Math.max(memory, peakMemory(pid) / 2 ** 20),
  });
  return { usage: { wall, cpu: childrenTime() - cpu, memory }, stdout };
}

const usage = "Whole processes, Simdet's and a TensorFlow.js script's: deno task bench:process [PHOTO]";
const { flags, photo } = await runCommand(async () => {
  const flags = parseFlags(usage, { runs: 20, warmup: 2 });
  if (Deno.build.os !== "linux") {
    throw new HostError(`Cannot measure processes on ${Deno.build.os}, only on linux`);
  }
  return { flags, photo: await photoPath(flags.given[0]) };
});

// A program of other kernels than today's would be compiled anew at every start, which may only read.
await weightsWithProgram(undefined, { quiet: flags.json });
const simdet = ["detect.ts", "--quiet", "--threads", "1", "--agnostic-nms", "--format", "json", photo];
const tfjs = ["bench/peers/tfjs_detect.ts", fromFileUrl(await cocoSsdFiles()), photo];

const found: { categoryId: number }[] = JSON.parse((await start(simdet)).stdout)[0].detections;
const foundTheirs: { categoryId: number }[] = JSON.parse((await start(tfjs)).stdout);
const ids = (list: readonly { categoryId: number }[]) => list.map(({ categoryId }) => categoryId).join();
if (ids(found) !== ids(foundTheirs)) {
  throw new Error(`Cannot compare: Simdet finds categories ${ids(found)}, TensorFlow.js ${ids(foundTheirs)}`);
}

const measure = (args: readonly string[]) => async () => (await start(args)).usage;
const [ours, theirs] = await interleave([measure(simdet), measure(tfjs)], flags);
const sideBySide = (what: string, unit: Comparison["unit"], of: (usage: Usage) => number) =>
  compare(what, unit, ours.map(of), theirs.map(of));
const data: Comparisons = {
  peer: "tfjs-wasm script",
  comparisons: [
    sideBySide("time", "ms", ({ wall }) => wall),
    sideBySide("processor time", "ms", ({ cpu }) => cpu),
    sideBySide("peak memory", "MiB", ({ memory }) => memory),
  ],
};
await report(resultOf("process", data), `${ratioTable(data)}\n\n${medianTable(data)}`, flags);
