import { assert, assertEquals } from "@std/assert";
import { readModel } from "../../src/formats/read.ts";
import { Session } from "../../src/runtime/session.ts";
import { Random } from "../support/random.ts";
import { cocoSsdBytes } from "../weights.ts";

Deno.test("outputs are bit-identical on 1, 2, 3 and 4 threads", async () => {
  const graph = await readModel(await cocoSsdBytes());
  const inputs = { [graph.inputs[0].name]: new Random(5).tensor(graph.inputs[0].shape) };
  using one = await Session.create(graph);
  const wanted = one.runSync(inputs);
  for (const threads of [2, 3, 4]) {
    using session = await Session.create(graph, { threads });
    assertEquals(session.info.threads, threads);
    await session.start();
    for (let i = 0; i < 5; i++) {
      const outputs = session.runSync(inputs);
      for (const name of graph.outputs) {
        assertEquals(outputs[name].data, wanted[name].data, `${name}, ${threads} threads`);
      }
    }
  }
});

Deno.test("threads burn no processor time between runs, and retire", async () => {
  const graph = await readModel(await cocoSsdBytes());
  using session = await Session.create(graph, { threads: 4 });
  await session.start();
  session.execute();
  const before = processorTime();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const idle = processorTime() - before;
  assert(idle < 200, `${idle} ms of processor time in an idle second`);
  session.execute();
});

/** Milliseconds of processor time this process has taken, by the clock ticks of /proc; 0 elsewhere. */
function processorTime(): number {
  try {
    const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
