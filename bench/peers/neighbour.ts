/**
 * A second core: how fast it runs a copy of a network while the first one runs its own, and how long a cache line takes from one to the other. Two threads of one network can
 * gain no more than two copies, less what they have to tell each other.
 *
 * @module
 */

import { IDLE, PING, RUN, STOP, WORDS } from "./neighbour_protocol.ts";

/** Times that a cache line goes to the other core and comes back between two looks at the clock, and milliseconds that it does. */
const ROUND_TRIPS = 100, PLAY = 2;

/** A worker that has a copy of a network, on one thread. */
export class Neighbour {
  readonly #worker = new Worker(new URL("./neighbour_worker.ts", import.meta.url), { type: "module" });
  readonly #words = new Int32Array(new SharedArrayBuffer(WORDS.bytes));

  /** Starts it. */
  static async start(network: string): Promise<Neighbour> {
    const neighbour = new Neighbour();
    const ready = new Promise((resolve, reject) => {
      neighbour.#worker.onmessage = resolve;
      neighbour.#worker.onerror = (event) => reject(new Error(event.message));
    });
    neighbour.#worker.postMessage({ network, memory: neighbour.#words.buffer });
    await ready;
    return neighbour;
  }

  /** The milliseconds that `measure` gives, and a run of the copy, while both run. */
  async beside(measure: () => Promise<number>): Promise<[own: number, copy: number]> {
    this.#tell(RUN);
    const own = await measure();
    this.#rest();
    return [own, new Float64Array(this.#words.buffer, WORDS.result, 1)[0]];
  }

  /** Nanoseconds that a cache line takes to the other core. */
  handover(): number {
    const words = this.#words;
    Atomics.store(words, WORDS.ball, 0);
    this.#tell(PING);
    const start = performance.now();
    let ball = 0, elapsed = 0;
    do {
      for (const end = ball + 2 * ROUND_TRIPS; ball < end; ball += 2) {
        Atomics.store(words, WORDS.ball, ball + 1);
        while (Atomics.load(words, WORDS.ball) === ball + 1);
      }
      elapsed = performance.now() - start;
    } while (elapsed < PLAY);
    this.#rest();
    return elapsed * 1e6 / ball;
  }

  /** Lets it end: a worker that sleeps in `Atomics.wait` cannot be terminated. */
  [Symbol.dispose](): void {
    this.#tell(STOP);
  }

  /** Waits until it has nothing to do. */
  #rest(): void {
    this.#tell(IDLE);
    while (Atomics.load(this.#words, WORDS.done) === 0);
  }

  #tell(command: number): void {
    Atomics.store(this.#words, WORDS.done, 0);
    Atomics.store(this.#words, WORDS.command, command);
    Atomics.notify(this.#words, WORDS.command);
  }
}
