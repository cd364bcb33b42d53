/**
 * Option values that arrive as text, from the command line or a query string: parsed, checked against their range,
 * refused with the name, the value found and the value wanted.
 *
 * @module
 */

import { MAX_BYTES } from "./compiler/memory_map.ts";
import { indexLabels, selectClasses } from "./detection/labels.ts";
import { OptionError } from "./errors.ts";
import type { Label } from "./graph/model_info.ts";
import { nearest } from "./nearest.ts";

/** What a number must be. */
export interface NumberRange {
  /** Least value allowed. */
  readonly min: number;
  /** Greatest value allowed; none when left out. */
  readonly max?: number;
  /** Whether fractions are refused. Default `false`. */
  readonly integer?: boolean;
}

/** A fraction: scores and overlaps. */
export const FRACTION: NumberRange = { min: 0, max: 1 };

/** How many of something. */
export const COUNT: NumberRange = { min: 1, integer: true };

/** Threads of a session. */
export const THREADS: NumberRange = { min: 1, max: 16, integer: true };

/** Numbers in decimal, also in powers of ten; JavaScript would read `0x1` and `Infinity` too. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** MiB of a program, up to what a 32-bit memory holds beside photos. */
export const MEMORY: NumberRange = { min: 1, max: MAX_BYTES / 2 ** 20, integer: true };

/**
 * Reads a number written in decimal.
 *
 * @throws {OptionError} If the text is no number or outside the range.
 */
export function parseNumber(name: string, text: string, range: NumberRange): number {
  const { min, max = Infinity, integer = false } = range;
  const value = DECIMAL.test(text.trim()) ? Number(text) : NaN;
  if (value >= min && value <= max && value < Infinity && (!integer || Number.isSafeInteger(value))) {
    return value;
  }
  const kind = integer ? "a whole number" : "a number";
  const limits = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new OptionError(`${name} must be ${kind} ${limits}, not ${JSON.stringify(text)}`);
}

/**
 * Reads one word of a fixed list.
 *
 * @throws {OptionError} If the word is not on the list; names the nearest.
 */
export function parseChoice<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((choice) => choice === text);
  if (choice !== undefined) return choice;
  throw new OptionError(
    `${name} must be one of ${choices.join(", ")}, not ${JSON.stringify(text)}${suggestion(text, choices)}`,
  );
}

/**
 * Reads a comma-separated list of class names and class ids into class ids.
 *
 * @throws {OptionError} If the list is empty, or a class is not among the model's labels.
 */
export function parseClasses(name: string, text: string, labels: readonly (Label | null)[]): number[] {
  const words = text.split(",").map((word) => word.trim()).filter((word) => word !== "");
  if (words.length === 0) throw new OptionError(`${name} must name at least one class, such as "person,dog"`);
  const wanted = words.map((word) => /^\d+$/.test(word) ? Number(word) : word);
  return [...selectClasses(wanted, indexLabels(labels, labels.length))];
}

/** `; did you mean X?`, or nothing where no candidate is near. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}
