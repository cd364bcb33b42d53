/**
 * What the command line says of a model that its file does not: the input's size, labels, pre- and postprocessing.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import type { Pair } from "../geometry.ts";

/** What is said of a model. */
export interface ModelFlags {
  /** Name of a preset: pre- and postprocessing. */
  readonly preset?: string;
  /** File of class names, one a line. */
  readonly labels?: string;
  /** File of weights, for formats that keep them apart. */
  readonly weights?: string;
  /** Input height and width. */
  readonly size?: Pair;
}

/** Flags with a value. */
export const MODEL_VALUES = ["preset", "labels", "weights", "size"] as const;

/** Largest extent of an input. */
const MAX_EXTENT = 4096;

/**
 * Takes the flags of a model out of all flags.
 *
 * @throws {OptionError} If the size is none.
 */
export function parseModelFlags(
  { preset, labels, weights, size }: Partial<Record<typeof MODEL_VALUES[number], string>>,
): ModelFlags {
  return { preset, labels, weights, size: size === undefined ? undefined : parseSize(size) };
}

/** Whether anything is said at all. */
export function anyModelFlag(flags: ModelFlags): boolean {
  return Object.values(flags).some((value) => value !== undefined);
}

/** `224`, or `640x480`: width x height. */
function parseSize(text: string): Pair {
  const [, width, height = width] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? [];
  const size = [Number(height), Number(width)] as const;
  if (size.every((extent) => extent >= 1 && extent <= MAX_EXTENT)) return size;
  throw new OptionError(
    `--size must be a width, or width x height such as 640x480, from 1 to ${MAX_EXTENT}, not ${
      JSON.stringify(text)
    }`,
  );
}
