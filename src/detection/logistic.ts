/**
 * The logistic function and its inverse.
 *
 * @module
 */

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The number whose sigmoid is `score`: what a logit is compared with, so that few need the exponential. */
export function logit(score: number): number {
  return Math.log(score / (1 - score));
}
