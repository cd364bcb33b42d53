/**
 * The command line of `detect.ts`: text in, checked values out.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { OptionError } from "../errors.ts";
import { COUNT, FRACTION, parseChoice, parseNumber, suggestion, THREADS } from "../options.ts";
import { isPictureName, isUrl } from "./sources.ts";

/** Names of the output formats. */
export const FORMATS = ["text", "json", "jsonl", "csv", "coco", "yolo"] as const;

/** An output format. */
export type Format = typeof FORMATS[number];

/** What `--demo` looks at. */
const SAMPLES = "samples";

/** Where `--save` without a folder puts pictures. */
export const SAVE_FOLDER = "runs/detect";

/** What the command line asks for. */
export interface Arguments {
  /** What to do: detect, or print one of the short answers. */
  readonly action: "detect" | "help" | "version" | "list-models";
  /** Files, folders, globs, URLs and `-`, as given. */
  readonly sources: readonly string[];
  /** Name or file of the model; the default model when left out. */
  readonly model?: string;
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
  /** Threads to run on. */
  readonly threads: number | "auto";
  /** What stdout receives. */
  readonly format: Format;
  /** Folder for annotated pictures; none when left out. */
  readonly save?: string;
  /** Whether to print the per-layer table. */
  readonly profile: boolean;
  /** Whether to print nothing but results and errors. */
  readonly quiet: boolean;
}

const SWITCHES = [
  "agnostic-nms",
  "profile",
  "quiet",
  "demo",
  "list-models",
  "version",
  "help",
] as const;
const VALUES = ["model", "conf", "iou", "max-det", "threads", "format", "save"] as const;
const LISTS = ["classes"] as const;
const ALIASES = { model: "m", quiet: "q", help: "h" };
const FLAGS = [...SWITCHES, ...VALUES, ...LISTS].map((name) => `--${name}`);

/** Values as `parseArgs` gives them under the lists above. */
interface Parsed
  extends
    Record<typeof SWITCHES[number], boolean>,
    Partial<Record<typeof VALUES[number], string>>,
    Partial<Record<typeof LISTS[number], string[]>> {
  readonly _: readonly string[];
}

/**
 * Reads the command line.
 *
 * @throws {OptionError} If a flag is unknown, a value is missing or outside its range, or there is no source.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const flags: Parsed = parseArgs(joinValues(args), {
    boolean: [...SWITCHES],
    string: [...VALUES, ...LISTS, "_"],
    collect: [...LISTS],
    alias: ALIASES,
    unknown: (arg: string, key?: string): void => {
      if (key !== undefined) throw unknownFlag(arg);
    },
  });
  for (const name of [...VALUES, ...LISTS]) {
    if ([flags[name]].flat().includes("")) throw new OptionError(`--${name} needs a value`);
  }
  const action = (["help", "version", "list-models"] as const).find((name) => flags[name]) ?? "detect";
  const demo = flags.demo && flags._.length === 0;
  const { conf, iou, "max-det": maxDetections, threads = "auto", format = "text" } = flags;
  const save = flags.save ?? (demo ? SAVE_FOLDER : undefined);
  const sources = demo ? [SAMPLES] : flags._;
  if (action === "detect" && sources.length === 0 && !flags.profile) throw noSource(save);
  return {
    action,
    sources,
    model: flags.model,
    threshold: conf === undefined ? 0.5 : parseNumber("--conf", conf, FRACTION),
    iou: iou === undefined ? undefined : parseNumber("--iou", iou, FRACTION),
    maxDetections: maxDetections === undefined ? undefined : parseNumber("--max-det", maxDetections, COUNT),
    classes: flags.classes?.length ? flags.classes.join(",") : undefined,
    agnosticNms: flags["agnostic-nms"],
    threads: parseThreads(threads),
    format: parseChoice("--format", format, FORMATS),
    save,
    profile: flags.profile,
    quiet: flags.quiet,
  };
}

/**
 * Ties values to flags where `parseArgs` alone would not: a negative number, so that its range can be complained of,
 * and the optional folder of `--save`, which a picture behind it is not.
 */
function joinValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [arg, next] = [args[i], args[i + 1]];
    if (arg === "--") return [...joined, ...args.slice(i)];
    const negative = /^--[a-z-]+$/.test(arg) && /^-[\d.]/.test(next ?? "");
    const folder = arg === "--save" && next !== undefined && !next.startsWith("-") && !isUrl(next) &&
      !isPictureName(next);
    if (negative || folder) joined.push(`${arg}=${args[++i]}`);
    else joined.push(arg === "--save" ? `--save=${SAVE_FOLDER}` : arg);
  }
  return joined;
}

function parseThreads(text: string): number | "auto" {
  return text === "auto" ? "auto" : parseNumber("--threads", text, THREADS);
}

function unknownFlag(arg: string): OptionError {
  const flag = arg.split("=")[0];
  return new OptionError(`Unknown flag ${flag}${suggestion(flag, FLAGS) || "; --help lists the flags"}`);
}

function noSource(save: string | undefined): OptionError {
  const taken = save === undefined || save === SAVE_FOLDER
    ? ""
    : ` (${save} was taken as the folder of --save)`;
  return new OptionError(`No photo given${taken}. For example: deno run --allow-read detect.ts photo.jpg`);
}
