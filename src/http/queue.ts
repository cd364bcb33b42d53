/**
 * One piece of work at a time, and a bounded number waiting for their turn.
 *
 * @module
 */

/** A queue that turns work away rather than grow. */
export class BoundedQueue {
  readonly #capacity: number;
  #admitted = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Makes a queue that admits at most `capacity` pieces of work, the running one included. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Takes a place if one is free, to be given back by `leave`; says whether it did. */
  enter(): boolean {
    if (this.#admitted >= this.#capacity) return false;
    this.#admitted++;
    return true;
  }

  /** Gives a place back. */
  leave(): void {
    this.#admitted--;
  }

  /** Runs work when all work before it has ended. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return await turn;
  }
}
