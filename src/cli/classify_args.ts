/**
 * The command line of `classify.ts`: text in, checked values out.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import { COUNT, parseNumber } from "../options.ts";
import { parseFlags } from "./flags.ts";
import {
  PHOTO_ALIASES,
  PHOTO_SWITCHES,
  PHOTO_VALUES,
  type PhotoArguments,
  photoArguments,
  SHORT_ANSWERS,
  type ShortAnswer,
} from "./photo_args.ts";

/** What the command line asks for. */
export interface ClassifyArguments extends PhotoArguments {
  /** What to do: classify, or print one of the short answers. */
  readonly action: "classify" | ShortAnswer;
  /** How many classes to name. */
  readonly top: number;
}

const FLAGS = {
  switches: PHOTO_SWITCHES,
  values: [...PHOTO_VALUES, "top"],
  lists: [],
  aliases: PHOTO_ALIASES,
} as const;

/**
 * Reads the command line.
 *
 * @throws {OptionError} If a flag is unknown, a value is missing or outside its range, or there is no model or source.
 */
export function parseClassifyArguments(args: readonly string[]): ClassifyArguments {
  const flags = parseFlags(args, FLAGS);
  const action = SHORT_ANSWERS.find((name) => flags[name]) ?? "classify";
  if (action === "classify") {
    const example = "For example: deno run --allow-read classify.ts --model model.safetensors photo.jpg";
    if (flags.model === undefined) {
      throw new OptionError(`No model given: --model names its file. ${example}`);
    }
    if (flags._.length === 0 && !flags.profile) throw new OptionError(`No photo given. ${example}`);
  }
  return {
    action,
    ...photoArguments(flags, flags._),
    top: flags.top === undefined ? 5 : parseNumber("--top", flags.top, COUNT),
  };
}
