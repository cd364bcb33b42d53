import { assertEquals, assertRejects } from "@std/assert";
import { newest } from "../../src/detection/newest.ts";

async function* every(milliseconds: number, count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    yield i;
  }
}

Deno.test("a slow reader gets the newest elements, in order, and the last one", async () => {
  const seen: number[] = [];
  for await (const frame of newest(every(2, 40))) {
    seen.push(frame);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(seen.at(-1), 39);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
  if (seen.length > 20) throw new Error(`nothing was dropped: ${seen}`);
});

Deno.test("a source that never waits and never ends can be left", async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      for (let i = 0;; i++) yield i;
    } finally {
      closed = true;
    }
  }
  for await (const frame of newest(endless())) if (frame > 3) break;
  assertEquals(closed, true);
});

Deno.test("a source's failure is the reader's", async () => {
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw new RangeError("no more");
  }
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const frame of newest(failing())) seen.push(frame);
    },
    RangeError,
    "no more",
  );
  assertEquals(seen, [1]);
});
