/**
 * What the command lines that look at photos share: `detect.ts` and `classify.ts`.
 *
 * @module
 */

import { MEMORY, parseChoice, parseNumber, THREADS } from "../options.ts";
import type { Flags } from "./flags.ts";
import type { PermissionName } from "./permissions.ts";
import { isUrl } from "./sources.ts";
import { MODEL_VALUES, type ModelFlags, parseModelFlags } from "./model_flags.ts";

/** Names of the output formats. */
export const FORMATS = ["text", "json", "jsonl", "csv", "coco", "yolo"] as const;

/** An output format. */
export type Format = typeof FORMATS[number];

/** Flags without a value that say what to do instead of looking at photos. */
export const SHORT_ANSWERS = ["list-models", "version", "help"] as const;

/** Something to print and leave. */
export type ShortAnswer = typeof SHORT_ANSWERS[number];

/** What every such command line asks for. */
export interface PhotoArguments {
  /** Files, folders, globs, URLs and `-`, as given. */
  readonly sources: readonly string[];
  /** Name or file of the model; the default model when left out. */
  readonly model?: string;
  /** What is said of the model. */
  readonly modelFlags: ModelFlags;
  /** Threads to run on. */
  readonly threads: number | "auto";
  /** Most MiB that the model may need; the library's own limit when left out. */
  readonly maxMemory?: number;
  /** What stdout receives. */
  readonly format: Format;
  /** Whether to print the per-layer table. */
  readonly profile: boolean;
  /** Whether to print nothing but results and errors. */
  readonly quiet: boolean;
}

/** Flags without a value. */
export const PHOTO_SWITCHES = ["profile", "quiet", ...SHORT_ANSWERS] as const;

/** Flags with one. */
export const PHOTO_VALUES = ["model", "threads", "max-memory", "format", ...MODEL_VALUES] as const;

/** Letters that stand for flags. */
export const PHOTO_ALIASES = { model: "m", quiet: "q", help: "h" };

/**
 * Takes the shared part out of parsed flags.
 *
 * @throws {OptionError} If a value is outside its range.
 */
export function photoArguments(
  flags: Flags<typeof PHOTO_SWITCHES[number], typeof PHOTO_VALUES[number], never>,
  sources: readonly string[],
): PhotoArguments {
  const { model, threads = "auto", "max-memory": memory, format = "text", profile, quiet } = flags;
  return {
    sources,
    model,
    modelFlags: parseModelFlags(flags),
    threads: threads === "auto" ? threads : parseNumber("--threads", threads, THREADS),
    maxMemory: memory === undefined ? undefined : parseNumber("--max-memory", memory, MEMORY),
    format: parseChoice("--format", format, FORMATS),
    profile,
    quiet,
  };
}

/** The permissions that looking at photos needs. */
export function photoPermissions({ sources, model = "" }: PhotoArguments): PermissionName[] {
  return ["read", ...[...sources, model].some(isUrl) ? ["net" as const] : []];
}
