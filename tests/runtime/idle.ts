/** A process of its own for `threads_test.ts`: prints the milliseconds of processor time that four idle threads take in a second. */
import { Session } from "../../mod.ts";
import { readModel } from "../../src/detection/read_model.ts";

/** Milliseconds of processor time so far, by the clock ticks of /proc. */
function processorTime(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

using session = await Session.create(await readModel(new URL(Deno.args[0])), { threads: 4 });
await session.start();
for (let i = 0; i < 20; i++) session.execute();
await new Promise((resolve) => setTimeout(resolve, 300));
const before = processorTime();
await new Promise((resolve) => setTimeout(resolve, 1000));
console.log(processorTime() - before);
