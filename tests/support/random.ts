/** Seeded numbers: a failing test prints its seed, and `SIMDET_SEED` replays it. */
import type { Shape, Tensor } from "../../src/tensor.ts";
import { elements } from "../../src/tensor.ts";

/** A source of numbers that a seed determines. */
export class Random {
  #state: number;

  /** Starts at a seed. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = Math.imul(this.#state, 1664525) + 1013904223 >>> 0;
    return this.#state / 2 ** 32;
  }

  /** A whole number in [from, to]. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)];
  }

  /** A tensor of numbers in [-3, 3). */
  tensor(shape: Shape): Tensor {
    return { shape, data: Float32Array.from({ length: elements(shape) }, () => this.next() * 6 - 3) };
  }
}

/** The seed of a test: `SIMDET_SEED`, or the one given. */
export function seedOf(fallback: number): number {
  return Number(Deno.env.get("SIMDET_SEED") ?? fallback);
}
