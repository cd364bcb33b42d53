/**
 * The command line of `detect.ts`: text in, checked values out.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import { COUNT, FRACTION, parseNumber } from "../options.ts";
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
import { isPictureName, isUrl } from "./sources.ts";

/** What `--demo` looks at. */
const SAMPLES = "samples";

/** Where `--save` without a folder puts pictures. */
export const SAVE_FOLDER = "runs/detect";

/** What the command line asks for. */
export interface Arguments extends PhotoArguments {
  /** What to do: detect, or print one of the short answers. */
  readonly action: "detect" | ShortAnswer;
  /** Least score. */
  readonly threshold: number;
  /** Overlap from which boxes suppress one another; the model's own when left out. */
  readonly iou?: number;
  /** Most boxes a photo; the model's own when left out. */
  readonly maxDetections?: number;
  /** Comma-separated names or ids of classes, unchecked: only the model knows them. */
  readonly classes?: string;
  /** Whether boxes of different classes suppress one another. */
  readonly agnosticNms: boolean;
  /** Folder for annotated pictures; none when left out. */
  readonly save?: string;
}

const FLAGS = {
  switches: [...PHOTO_SWITCHES, "agnostic-nms", "demo"],
  values: [...PHOTO_VALUES, "conf", "iou", "max-det", "save"],
  lists: ["classes"],
  aliases: PHOTO_ALIASES,
} as const;

/**
 * Reads the command line.
 *
 * @throws {OptionError} If a flag is unknown, a value is missing or outside its range, or there is no source.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const flags = parseFlags(joinFolder(args), FLAGS);
  const action = SHORT_ANSWERS.find((name) => flags[name]) ?? "detect";
  const demo = flags.demo && flags._.length === 0;
  const { conf, iou, "max-det": maxDetections, classes = [] } = flags;
  const save = flags.save ?? (demo ? SAVE_FOLDER : undefined);
  const sources = demo ? [SAMPLES] : flags._;
  if (action === "detect" && sources.length === 0 && !flags.profile) throw noSource(save);
  return {
    action,
    ...photoArguments(flags, sources),
    threshold: conf === undefined ? 0.5 : parseNumber("--conf", conf, FRACTION),
    iou: iou === undefined ? undefined : parseNumber("--iou", iou, FRACTION),
    maxDetections: maxDetections === undefined ? undefined : parseNumber("--max-det", maxDetections, COUNT),
    classes: classes.length > 0 ? classes.join(",") : undefined,
    agnosticNms: flags["agnostic-nms"],
    save,
  };
}

/** Ties the optional folder of `--save` to it, which a picture behind it is not. */
function joinFolder(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [arg, next] = [args[i], args[i + 1]];
    if (arg === "--") return [...joined, ...args.slice(i)];
    if (arg !== "--save") joined.push(arg);
    else if (next === undefined || next.startsWith("-") || isUrl(next) || isPictureName(next)) {
      joined.push(`--save=${SAVE_FOLDER}`);
    } else joined.push(`--save=${args[++i]}`);
  }
  return joined;
}

function noSource(save: string | undefined): OptionError {
  const taken = save === undefined || save === SAVE_FOLDER
    ? ""
    : ` (${save} was taken as the folder of --save)`;
  return new OptionError(`No photo given${taken}. For example: deno run --allow-read detect.ts photo.jpg`);
}
