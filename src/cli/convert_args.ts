/**
 * The command line of `convert.ts`: text in, checked values out.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import { MEMORY, parseNumber, THREADS } from "../options.ts";
import { parseFlags } from "./flags.ts";
import { MODEL_VALUES, type ModelFlags, parseModelFlags } from "./model_flags.ts";

/** What the command line asks for. */
export interface ConvertArguments {
  /** What to do: convert, or print one of the short answers. */
  readonly action: "convert" | "version" | "help";
  /** Name, file or address of the model. */
  readonly model: string;
  /** What is said of the model. */
  readonly modelFlags: ModelFlags;
  /** What the model is to call itself; the file's name when left out. */
  readonly name?: string;
  /** File to write. */
  readonly output: string;
  /** Whether to store the weights of convolutions as f16. */
  readonly f16: boolean;
  /** Whether to write a compiled program, and for how many threads; `undefined` for a model file. */
  readonly compiled?: { readonly threads: number };
  /** Most MiB that the model may need; the library's own limit when left out. */
  readonly maxMemory?: number;
  /** Whether to print no table. */
  readonly quiet: boolean;
}

const FLAGS = {
  switches: ["f16", "compiled", "quiet", "version", "help"],
  values: [...MODEL_VALUES, "name", "output", "threads", "max-memory"],
  lists: [],
  aliases: { output: "o", quiet: "q", help: "h" },
} as const;

const EXAMPLE = "For example: deno run --allow-read --allow-write convert.ts model.onnx -o model.safetensors";

/**
 * Reads the command line.
 *
 * @throws {OptionError} If a flag is unknown, a value is missing or wrong, or there is not one model and one file to write.
 */
export function parseConvertArguments(args: readonly string[]): ConvertArguments {
  const flags = parseFlags(args, FLAGS);
  const action = (["help", "version"] as const).find((name) => flags[name]) ?? "convert";
  const { _: [model = "", ...more], output = "", name, f16, compiled, threads, quiet } = flags;
  const memory = flags["max-memory"];
  if (action === "convert") {
    if (model === "") throw new OptionError(`No model given. ${EXAMPLE}`);
    if (more.length > 0) throw new OptionError(`One model at a time, not also ${more.join(" ")}. ${EXAMPLE}`);
    if (output === "") throw new OptionError(`No file to write given: -o names it. ${EXAMPLE}`);
    const ending = compiled ? ".program" : ".safetensors";
    if (!output.toLowerCase().endsWith(ending)) {
      throw new OptionError(
        `-o must end in ${ending}${compiled ? " with --compiled" : ""}, not ${JSON.stringify(output)}`,
      );
    }
    if (compiled && f16) throw new OptionError("--compiled packs weights as f32: leave --f16 out");
    if (threads !== undefined && !compiled) {
      throw new OptionError("--threads goes with --compiled: model files run on any number");
    }
  }
  return {
    action,
    model,
    modelFlags: parseModelFlags(flags),
    name,
    output,
    f16,
    ...(compiled && { compiled: { threads: parseNumber("--threads", threads ?? "1", THREADS) } }),
    maxMemory: memory === undefined ? undefined : parseNumber("--max-memory", memory, MEMORY),
    quiet,
  };
}
