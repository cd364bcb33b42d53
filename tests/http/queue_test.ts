import { assertEquals, assertRejects } from "@std/assert";
import { BoundedQueue } from "../../src/http/queue.ts";

Deno.test("work runs one at a time, in order, also after a failure", async () => {
  const queue = new BoundedQueue(3);
  const log: string[] = [];
  const work = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    log.push(`${name} ends`);
    if (name === "b") throw new Error("b fails");
    return name;
  };
  const [a, b, c] = [queue.run(work("a")), queue.run(work("b")), queue.run(work("c"))];
  assertEquals(await a, "a");
  await assertRejects(() => b, Error, "b fails");
  assertEquals(await c, "c");
  assertEquals(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

Deno.test("a full queue admits again when somebody leaves", () => {
  const queue = new BoundedQueue(2);
  assertEquals([queue.enter(), queue.enter(), queue.enter()], [true, true, false]);
  queue.leave();
  assertEquals([queue.enter(), queue.enter()], [true, false]);
});
