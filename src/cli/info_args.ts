/**
 * The command line of `info.ts`: text in, checked values out.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import type { Arch } from "../kernels/emitter.ts";
import { parseChoice, parseNumber, THREADS } from "../options.ts";
import { parseFlags } from "./flags.ts";
import { MODEL_VALUES, type ModelFlags, parseModelFlags } from "./model_flags.ts";

/** What the command line asks for. */
export interface InfoArguments {
  /** What to do: tell of a model, or print one of the short answers. */
  readonly action: "info" | "version" | "help" | "list-models";
  /** Name, file or address of the model. */
  readonly model: string;
  /** What is said of the model. */
  readonly modelFlags: ModelFlags;
  /** Threads to compile for. */
  readonly threads: number;
  /** Processor to compile for; the host's own when left out. */
  readonly arch?: Arch;
  /** Whether to print every change to the graph and every layer's kernel. */
  readonly log: boolean;
}

const FLAGS = {
  switches: ["log", "list-models", "version", "help"],
  values: [...MODEL_VALUES, "threads", "arch"],
  lists: [],
  aliases: { help: "h" },
} as const;

const ARCHS: readonly Arch[] = ["x86-64", "aarch64"];

const EXAMPLE = "For example: deno run --allow-read info.ts peleenet";

/**
 * Reads the command line.
 *
 * @throws {OptionError} If a flag is unknown, a value is missing or wrong, or there is not one model.
 */
export function parseInfoArguments(args: readonly string[]): InfoArguments {
  const flags = parseFlags(args, FLAGS);
  const action = (["help", "version", "list-models"] as const).find((name) => flags[name]) ?? "info";
  const { _: [model = "", ...more], threads = "1", log } = flags;
  if (action === "info") {
    if (model === "") throw new OptionError(`No model given: a file, or a name of --list-models. ${EXAMPLE}`);
    if (more.length > 0) throw new OptionError(`One model at a time, not also ${more.join(" ")}. ${EXAMPLE}`);
  }
  return {
    action,
    model,
    modelFlags: parseModelFlags(flags),
    threads: parseNumber("--threads", threads, THREADS),
    arch: flags.arch === undefined ? undefined : parseChoice("--arch", flags.arch, ARCHS),
    log,
  };
}
