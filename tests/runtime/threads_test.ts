import { assert, assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { DEFAULT_MODEL } from "../../models/zoo.ts";
import { modelPath } from "../../src/cli/weights.ts";
import { readModel } from "../../src/detection/read_model.ts";
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

Deno.test({
  name: "threads burn no processor time between runs",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await cocoSsdBytes();
    const script = new URL("idle.ts", import.meta.url);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script.href, toFileUrl(await modelPath(DEFAULT_MODEL)).href],
    }).output();
    const idle = Number(new TextDecoder().decode(stdout));
    assertEquals(code, 0);
    assert(idle <= 100, `${idle} ms of processor time in an idle second`);
  },
});
