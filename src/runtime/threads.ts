/**
 * Threads: workers over the session's shared memory, each with its own instance of the kernels. They sleep between runs, retire when idle, and
 * take part in whichever runs begin while they are ready; results do not depend on how many do.
 *
 * Every worker has a slot, one 32-bit word in the control block at the bottom of the memory:
 *
 *     gone -> starting -> idle -> claimed -> running as thread 1, 2, ... -> idle ...
 *                          idle -> gone (nothing to do for a while), idle -> stop -> gone
 *            starting -> stop (the host refuses to start it, and is not asked again)
 *
 * @module
 */

import { RESERVED } from "../compiler/memory_map.ts";
import { HostError, OptionError } from "../errors.ts";
import type { Kernels } from "./kernels.ts";

/** Most threads of a session, the caller's included. */
export const MAX_THREADS = 16;

/**
 * Checks a number of threads.
 *
 * @throws {OptionError} If it is out of range.
 */
export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new OptionError(
      `threads must be a whole number from 1 to ${MAX_THREADS} or "auto", not ${threads}`,
    );
  }
}

/** Byte offsets in the memory; `asm/program.ts` knows `ARRIVED`, `ABORT` and `TAKEN` relative to `CONTROL`. */
const CONTROL = 64, ARRIVED = CONTROL, ABORT = CONTROL + 64, THREADS = CONTROL + 128;
const BASE = THREADS + 4, BEGIN = THREADS + 8, END = THREADS + 12;
const SLOTS = CONTROL + 192, SLOT_BYTES = 64, TAKEN = SLOTS + MAX_THREADS * SLOT_BYTES;
/** States of a slot; from `RUNNING` on, the thread's number is added. */
const GONE = 0, STARTING = 1, IDLE = 2, CLAIMED = 3, STOP = 4, CALLED = 5, RUNNING = 16;

/** Milliseconds after which a worker without work goes; a forgotten session holds the process no longer than this. */
const RETIRE_MS = 2000;

/** How often a worker that was called looks for its run before it sleeps again, some hundred microseconds: as long as inputs of a usual size take to be copied. */
const LOOKS = 20_000;

/** What a worker runs; it knows nothing but what its first message tells. */
const workerSource = `
const node = typeof postMessage === "undefined" ? (await import("node:worker_threads")).parentPort : undefined;
const send = (message) => node ? node.postMessage(message) : postMessage(message);
const work = async ({ module, memory, slot, begin, end, control, workspaceBytes, threads, base, abort, arrived, retire }) => {
  const words = new Int32Array(memory.buffer);
  try {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    Atomics.store(words, slot, ${IDLE});
    send("ready");
    for (;;) {
      Atomics.wait(words, slot, ${IDLE}, retire);
      for (let i = 0; Atomics.load(words, slot) === ${CALLED} && i < ${LOOKS}; i++);
      if (Atomics.compareExchange(words, slot, ${CALLED}, ${IDLE}) === ${CALLED}) continue;
      const state = Atomics.load(words, slot);
      if (state === ${STOP}) break;
      if (state === ${CLAIMED}) Atomics.wait(words, slot, ${CLAIMED}, 1000);
      else if (state >= ${RUNNING}) {
        const range = [Atomics.load(words, begin), Atomics.load(words, end)];
        exports.share(...range, control, state - ${RUNNING}, Atomics.load(words, threads), Atomics.load(words, base), workspaceBytes, 1);
        Atomics.store(words, slot, ${IDLE});
      } else if (Atomics.compareExchange(words, slot, ${IDLE}, ${GONE}) === ${IDLE}) break;
    }
  } catch (error) {
    Atomics.store(words, abort, 1);
    Atomics.notify(words, arrived);
    send(String(error));
  }
  Atomics.store(words, slot, ${GONE});
  if (node) node.close(); else close();
};
if (node) node.once("message", work); else onmessage = ({ data }) => work(data);
`;

/** A worker, whatever the host calls it. */
interface WorkerHandle {
  post(message: unknown): void;
  terminate(): void;
}

/** Node's own workers; `undefined` elsewhere. Asked for in a way that does not wait: who runs in a loop that never yields has its workers come back all the same. */
function nodeThreads(): typeof import("node:worker_threads") | undefined {
  if (typeof Worker !== "undefined") return undefined;
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): typeof import("node:worker_threads") };
  };
  return process?.getBuiltinModule?.("node:worker_threads");
}

/** Starts a worker from source, without permissions or files: a `data:` module. */
function spawn(onMessage: (text: string) => void): WorkerHandle {
  const url = `data:text/javascript,${encodeURIComponent(workerSource)}`;
  const node = nodeThreads();
  if (node) {
    const worker = new node.Worker(new URL(url));
    worker.on("message", onMessage);
    worker.on("error", (error: Error) => onMessage(error.message));
    worker.unref();
    return { post: (message) => worker.postMessage(message), terminate: () => void worker.terminate() };
  }
  const worker = new Worker(url, { type: "module" });
  worker.onmessage = (event) => onMessage(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    onMessage(event.message);
  };
  return { post: (message) => worker.postMessage(message), terminate: () => worker.terminate() };
}

/** Why this host cannot run more than one thread; `undefined` if it can. */
export function whySingle(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") {
    return "shared memory is not to be had: a browser wants the page cross-origin isolated (COOP and COEP headers)";
  }
  return typeof Worker === "undefined" && !nodeThreads() ? "this host has no workers" : undefined;
}

/** As many threads as are likely to help: the host's cores, at most 4. */
export function autoThreads(): number {
  return Math.max(1, Math.min(4, globalThis.navigator?.hardwareConcurrency ?? 1));
}

/** Whether this thread may sleep in `Atomics.wait`; the main thread of a browser may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a pool runs over. */
export interface PoolSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The caller's own instance. */
  readonly kernels: Kernels;
  /** Threads in all, the caller's included. */
  readonly threads: number;
  /** Bytes of one thread's workspace. */
  readonly workspaceBytes: number;
}

/** The workers of one session. */
export class ThreadPool {
  readonly #setup: PoolSetup;
  readonly #words: Int32Array;
  readonly #workers = new Map<number, WorkerHandle>();
  readonly #sleeps = maySleep();
  #waiting: (() => void)[] = [];
  #failure = "";
  #runs = 0;
  #disposed = false;

  /** Word indices of the workers' slots. */
  readonly #slots: readonly number[];

  /** Sets a pool up; workers start with the second run. */
  constructor(setup: PoolSetup) {
    this.#setup = setup;
    this.#slots = Array.from({ length: setup.threads - 1 }, (_, i) => (SLOTS + i * SLOT_BYTES) / 4);
    this.#words = new Int32Array(setup.memory.buffer, 0, RESERVED / 4);
  }

  /** Starts the workers that are missing; resolves when all are ready or the host has refused them. */
  async start(): Promise<void> {
    this.#spawnMissing();
    while (!this.#disposed && this.#slots.some((slot) => Atomics.load(this.#words, slot) === STARTING)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Wakes the workers that are ready, which takes them tens of microseconds: a run is about to come. */
  call(): void {
    for (const slot of this.#slots) {
      if (Atomics.compareExchange(this.#words, slot, IDLE, CALLED) === IDLE) {
        Atomics.notify(this.#words, slot);
      }
    }
  }

  /**
   * Runs the commands in these bytes of memory on all threads that are ready.
   *
   * @returns How many took part.
   * @throws {HostError} If a worker fails; the memory then holds parts of a result.
   */
  run(begin: number, end: number): number {
    const { kernels, workspaceBytes } = this.#setup;
    const words = this.#words;
    if (++this.#runs > 1) this.#spawnMissing();
    const crew = this.#slots.filter((slot) => {
      while (Atomics.load(words, slot) >= RUNNING && Atomics.load(words, ABORT / 4) === 0);
      return this.#take(slot, CLAIMED);
    });
    if (crew.length === 0) {
      kernels.run(begin, end);
      return 1;
    }
    const base = Atomics.load(words, ARRIVED / 4), threads = crew.length + 1;
    for (let thread = 0; thread < threads; thread++) {
      Atomics.store(words, (TAKEN + thread * SLOT_BYTES) / 4, 0);
    }
    Atomics.store(words, BEGIN / 4, begin);
    Atomics.store(words, END / 4, end);
    Atomics.store(words, THREADS / 4, threads);
    Atomics.store(words, BASE / 4, base);
    crew.forEach((slot, i) => {
      Atomics.store(words, slot, RUNNING + i + 1);
      Atomics.notify(words, slot);
    });
    let complete = false;
    try {
      complete =
        kernels.share(begin, end, CONTROL, 0, threads, base, workspaceBytes, this.#sleeps ? 1 : 0) !== 0;
    } finally {
      if (!complete) this.#fail();
    }
    if (!complete) {
      throw new HostError(
        `Cannot finish the run: a thread failed${this.#failure ? `: ${this.#failure}` : ""}`,
      );
    }
    return threads;
  }

  /** Ends all workers. */
  dispose(): void {
    this.#disposed = true;
    for (const slot of this.#slots) {
      if (this.#take(slot, STOP)) Atomics.notify(this.#words, slot);
    }
    for (const worker of this.#workers.values()) worker.terminate();
    this.#workers.clear();
    this.#wake();
  }

  /** After a trap nothing is known of the other threads: they go, and the pool with them. */
  #fail(): void {
    Atomics.store(this.#words, ABORT / 4, 1);
    Atomics.notify(this.#words, ARRIVED / 4);
    this.dispose();
  }

  /** Takes a worker that has no run, called or not: in this order, for it goes from called to idle by itself. */
  #take(slot: number, state: number): boolean {
    return [CALLED, IDLE].some((from) => Atomics.compareExchange(this.#words, slot, from, state) === from);
  }

  #spawnMissing(): void {
    if (this.#disposed) return;
    const { module, memory, workspaceBytes } = this.#setup;
    for (const slot of this.#slots) {
      if (Atomics.compareExchange(this.#words, slot, GONE, STARTING) !== GONE) continue;
      const message = {
        module,
        memory,
        slot,
        begin: BEGIN / 4,
        end: END / 4,
        control: CONTROL,
        workspaceBytes,
        threads: THREADS / 4,
        base: BASE / 4,
        abort: ABORT / 4,
        arrived: ARRIVED / 4,
        retire: RETIRE_MS,
      };
      this.#workers.get(slot)?.terminate();
      try {
        const worker = spawn((text) => {
          if (text !== "ready") this.#refuse(slot, text);
          this.#wake();
        });
        this.#workers.set(slot, worker);
        worker.post(message);
      } catch (error) {
        this.#refuse(slot, String(error));
      }
    }
  }

  /** Notes why a worker failed; one that has not started yet never will, and runs do without it. */
  #refuse(slot: number, reason: string): void {
    this.#failure = reason;
    Atomics.compareExchange(this.#words, slot, STARTING, STOP);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
