/**
 * Hot loops on ARM cores, modelled: `deno task bench:arm`. The machine code is real, made by V8 in Deno for arm64 (under an emulator) of the committed kernels,
 * with the bounds checks that Deno has; cycles are those of models, not of hardware. See docs/arm.md.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import config from "../deno.json" with { type: "json" };
import { HostError, OptionError } from "../src/errors.ts";
import { CORES, mcaAt } from "./arm/cores.ts";
import { HOT_LOOPS } from "./arm/hot_loops.ts";
import { isSpill } from "./arm/instruction.ts";
import { arm64Code, findTools, LLVM_MCA } from "./arm/machine_code.ts";
import { type ArmData, armTable, iterationOf, type LoopData } from "./arm/report.ts";
import { runCommand } from "./support/command.ts";
import { putIntoPage } from "./support/docs.ts";
import { RESULTS } from "./support/results.ts";

const flags = await runCommand(() =>
  parseArgs(Deno.args, {
    boolean: ["json", "save", "help"],
    string: ["code"],
    unknown: (argument: string): void => {
      throw new OptionError(`Unknown argument ${argument}; --help lists the known ones`);
    },
  })
);
if (flags.help) {
  console.log(`Models the hot loops of the kernels on ARM cores: deno task bench:arm

  --code NAME  print the machine code of one iteration of a loop
  --json       print JSON instead of a table
  --save       keep the result as bench/results/arm.json, and its table in docs/arm.md`);
  Deno.exit(0);
}

const tools = await runCommand(findTools);
const { functions, deno, v8 } = await arm64Code(new Set(HOT_LOOPS.map((loop) => loop.function)));
const mca = mcaAt(LLVM_MCA);
const loops: LoopData[] = [];
for (const loop of HOT_LOOPS) {
  const code = functions.get(loop.function);
  if (!code) throw new HostError(`Cannot model ${loop.name}: there is no code of ${loop.function}`);
  const body = iterationOf(loop, code);
  if (flags.code === loop.name) {
    console.log(body.map((i) => `${i.mnemonic.padEnd(8)}${i.operands}`).join("\n"));
  }
  const cycles = await Promise.all(CORES.map((core) => core.cycles(body, mca)));
  loops.push({
    name: loop.name,
    unit: loop.unit,
    macs: loop.macs,
    instructions: body.length,
    spills: body.filter(isSpill).length,
    cycles: Object.fromEntries(CORES.map(({ name }, i) => [name, Math.round(cycles[i] * 100) / 100])),
  });
}
const data: ArmData = {
  deno,
  v8,
  ...tools,
  simdet: config.version,
  date: new Date().toISOString().slice(0, 10),
  loops,
};
const json = JSON.stringify(data, undefined, 2);
console.log(flags.json ? json : armTable(data));
if (flags.save) {
  await Deno.writeTextFile(new URL("arm.json", RESULTS), json + "\n");
  await putIntoPage("docs/arm.md", "arm", armTable(data));
}
