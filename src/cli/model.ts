/**
 * What `--model` names: a model of the zoo, a file, or the address of one.
 *
 * @module
 */

import { basename, dirname, resolve, toFileUrl } from "@std/path";
import { DEFAULT_MODEL } from "../../models/zoo.ts";
import type { GraphSource } from "../detection/load.ts";
import { ModelError, OptionError } from "../errors.ts";
import { MAX_MODEL_BYTES } from "../formats/fetch.ts";
import type { Graph } from "../graph/graph.ts";
import { parseLabels } from "./labels.ts";
import { anyModelFlag, type ModelFlags } from "./model_flags.ts";
import { note } from "./output.ts";
import { demand, demandHost } from "./permissions.ts";
import { readFile as readLimited } from "./read_file.ts";
import { reasonOf } from "./reason.ts";
import { isUrl } from "./sources.ts";
import "./toolchain.ts";

/** How to open a model. */
export interface OpenOptions {
  /** Whether to say nothing of progress. */
  readonly quiet: boolean;
  /** What is said of the model; the file's own words are used where nothing is. */
  readonly flags?: ModelFlags;
  /** How long nothing may arrive of a model that is fetched, in milliseconds. Default 30,000. */
  readonly idle?: number;
}

/** How long nothing may arrive of a model, in milliseconds, before its server counts as gone. */
const IDLE_MS = 30_000;

/** Formats that keep weights apart. */
const WITH_WEIGHTS = /\.(cfg|prototxt)$/i;

/** Formats that are read by address, because what belongs to them lies beside them. */
const WITH_OTHERS = /\.(json|cfg|prototxt)$/i;

/** What holds the network of files that are weights alone. */
const NETWORKS: Readonly<Record<string, string>> = { weights: ".cfg", caffemodel: ".prototxt" };

/** Whether `--model` names a file rather than a model of the zoo. */
export function isModelFile(model: string): boolean {
  return /[\\/]|\.(safetensors|json|cfg|onnx|pth|pt|tar|prototxt|caffemodel|weights|program)$/i.test(model);
}

/**
 * Gets a model ready for loading; fetches the weights of the zoo's models where they are missing.
 *
 * @throws {ModelError} If there is no such model or file, the weights cannot be had, or what is said of it does not fit.
 * @throws {OptionError} If weights are named for a file that holds its own.
 */
export async function openModel(
  model: string = DEFAULT_MODEL,
  options: OpenOptions,
): Promise<GraphSource> {
  const { quiet, flags = {} } = options;
  if (flags.weights !== undefined && !isUrl(model) && !WITH_WEIGHTS.test(model)) {
    throw new OptionError(`--weights goes with a .cfg or .prototxt, not with ${model}`);
  }
  if (isModelFile(model) && !isProgram(model)) return await readFlagged(model, options);
  const bytes = isProgram(model)
    ? await readFile(model)
    : await (await import("./weights.ts")).ensureModel(model, { quiet });
  if (!anyModelFlag(flags)) return bytes;
  const { readModel } = await import("../detection/read_model.ts");
  return await describe(await readModel(bytes, { inputSize: flags.size }), flags);
}

function isProgram(model: string): boolean {
  return /\.program$/i.test(model);
}

/** What a model is called by its file, or by the folder of a `model.json`. */
function nameOf(model: string): string {
  const file = basename(model).replace(/(\.pth)?\.\w+$/, "");
  return file === "model" ? basename(dirname(isUrl(model) ? model : resolve(model))) || file : file;
}

async function readFlagged(
  model: string,
  { quiet, flags = {}, idle = IDLE_MS }: OpenOptions,
): Promise<Graph> {
  const { readModel } = await import("../detection/read_model.ts");
  const weights = flags.weights === undefined ? undefined : await readFile(flags.weights);
  const source = await sourceOf(model);
  using watch = new IdleWatch(model, source instanceof URL && source.protocol !== "file:" ? idle : Infinity);
  const options = {
    info: { name: nameOf(model) },
    inputSize: flags.size,
    weights,
    onAssumption: (text: string) => quiet || note(`${model}: ${text}; --size tells another`),
    onProgress: () => watch.restart(),
    signal: watch.signal,
  };
  return await describe(await readModel(source, options), flags);
}

/** Ends a fetch of which nothing arrives for some time. */
class IdleWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #model: string;
  readonly #idle: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to watch; `Infinity` milliseconds are never over. */
  constructor(model: string, idle: number) {
    this.#model = model;
    this.#idle = idle;
    this.restart();
  }

  /** Aborts when it is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has arrived. */
  restart(): void {
    clearTimeout(this.#timer);
    if (this.#idle === Infinity) return;
    const reason = `Cannot fetch ${this.#model}: nothing arrived for ${this.#idle / 1000} s`;
    this.#timer = setTimeout(() => this.#controller.abort(new ModelError(reason)), this.#idle);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

async function sourceOf(model: string): Promise<URL | Uint8Array> {
  if (isUrl(model)) {
    const url = new URL(model);
    await demandHost(url);
    return url;
  }
  const network = NETWORKS[/\.(\w+)$/.exec(model)?.[1].toLowerCase() ?? ""];
  if (network) {
    throw new ModelError(
      `${model}: it holds weights alone; name its ${network} as the model, and it with --weights where they have other names`,
    );
  }
  if (!WITH_OTHERS.test(model)) return await readFile(model);
  await demand({ name: "read", path: model });
  return toFileUrl(resolve(model));
}

async function readFile(path: string): Promise<Uint8Array> {
  await demand({ name: "read", path });
  const exceeded = () => new ModelError(`it is larger than ${MAX_MODEL_BYTES} bytes`);
  try {
    return await readLimited(path, { bytes: MAX_MODEL_BYTES, exceeded });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new ModelError(`${path}: no such file`, "unknown_model", { cause });
    }
    throw new ModelError(`${path}: ${reasonOf(cause)}`, "bad_model", { cause });
  }
}

/** The graph with what the flags say of it. */
async function describe(graph: Graph, { preset, labels }: ModelFlags): Promise<Graph> {
  let described = graph;
  if (preset !== undefined) {
    const { applyPreset } = await import("../../models/presets.ts");
    described = applyPreset(described, preset);
  }
  if (labels !== undefined) {
    const names = parseLabels(new TextDecoder().decode(await readFile(labels)));
    described = { ...described, info: { ...described.info, labels: names } };
  }
  if (described !== graph) (await import("../graph/check_info.ts")).checkInfo(described);
  return described;
}
