/** A process of its own for `growth_test.ts`: prints by how many bytes 10,000 runs of a small network on some threads make it grow. */
import { GraphBuilder, Session } from "../../mod.ts";

const builder = new GraphBuilder();
const window = { strides: [1, 1], dilations: [1, 1] } as const;
const x = builder.input("x", [1, 12, 12, 8]);
const constant = (name: string, shape: readonly number[]) =>
  builder.constant(name, shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(0.01));
const wide = builder.node("conv2d", "wide", { ...window, padding: [0, 0, 0, 0], groups: 1 }, [
  x,
  constant("wide.w", [1, 1, 8, 32]),
]);
const deep = builder.node("conv2d", "deep", { ...window, padding: [1, 1, 1, 1], groups: 32 }, [
  wide,
  constant("deep.w", [3, 3, 1, 32]),
]);
const y = builder.node("conv2d", "y", { ...window, padding: [1, 1, 1, 1], groups: 1 }, [
  deep,
  constant("y.w", [3, 3, 32, 8]),
]);
using session = await Session.create(builder.build({ name: "small" }, [y]), {
  threads: Number(Deno.args[0]),
});
await session.start();
const input = { x: { shape: [1, 12, 12, 8], data: new Float32Array(12 * 12 * 8).fill(0.5) } };

const { gc } = globalThis as unknown as { gc(): void };

/** Bytes of the session's memory, of the process, and of what its objects hold. */
function use(): { wasm: number; resident: number; heap: number } {
  gc();
  const { rss, heapUsed } = Deno.memoryUsage();
  return { wasm: session.memory.buffer.byteLength, resident: rss, heap: heapUsed };
}

async function run(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await session.run(input);
}

// The allocator settles within that.
await run(20_000);
const uses = [use()];
for (let round = 0; round < 3; round++) {
  await run(10_000);
  uses.push(use());
}
/** What leaks grows in every round; what the allocator moves about on a busy machine does not. */
const least = (of: keyof typeof uses[number]) =>
  Math.min(...uses.slice(1).map((after, round) => after[of] - uses[round][of]));
console.log(JSON.stringify({
  threads: session.profile(1)[0].threads,
  wasm: least("wasm"),
  resident: least("resident"),
  heap: least("heap"),
}));
