/** The worker of `Neighbour`. */
import { Session } from "../../mod.ts";
import { openGraph } from "../networks/open.ts";
import { noise } from "../support/noise.ts";
import { median } from "../support/stats.ts";
import { IDLE, PING, RUN, STOP, WORDS } from "./neighbour_protocol.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<{ network: string; memory: SharedArrayBuffer }>) => void;
  postMessage(message: unknown): void;
};

scope.onmessage = async ({ data: { network, memory } }) => {
  const words = new Int32Array(memory), result = new Float64Array(memory, WORDS.result, 1);
  const session = await Session.create(await openGraph(network, { quiet: true }));
  const inputs = noise(session.inputs);
  const is = (command: number) => Atomics.load(words, WORDS.command) === command;
  scope.postMessage("ready");
  while (!is(STOP)) {
    // A worker that gets no core may miss a command.
    Atomics.wait(words, WORDS.command, IDLE, 1000);
    const times: number[] = [];
    while (is(RUN)) {
      const start = performance.now();
      session.runSync(inputs);
      times.push(performance.now() - start);
    }
    if (times.length > 0) result[0] = median(times);
    while (is(PING)) {
      const ball = Atomics.load(words, WORDS.ball);
      if (ball % 2 === 1) Atomics.store(words, WORDS.ball, ball + 1);
    }
    Atomics.store(words, WORDS.done, 1);
  }
  self.close();
};
