/**
 * How `Neighbour` and its worker talk over shared memory.
 *
 * @module
 */

/** Commands: wait, run the network again and again, give the ball back, end. */
export const IDLE = 0, RUN = 1, PING = 2, STOP = 3;

/** Indices of words, each on a cache line of its own, the byte offset of the result, and bytes in all. */
export const WORDS = { command: 0, done: 16, ball: 32, result: 192, bytes: 256 };
