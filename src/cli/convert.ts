/**
 * The work of `convert.ts`: reads a model, writes it as one file or compiled program of ours, runs both.
 *
 * @module
 */

import { format } from "@std/fmt/bytes";
import { basename, resolve } from "@std/path";
import { compile } from "../compiler/program.ts";
import { bytesSource, decodeProgram } from "../compiler/program_file.ts";
import { loadGraph } from "../detection/load.ts";
import { ModelError, OptionError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { Graph, Port } from "../graph/graph.ts";
import { compileModel } from "../runtime/compile_model.ts";
import { chooseBuild } from "../runtime/kernels.ts";
import { Session, type SessionOptions } from "../runtime/session.ts";
import { elements, type Tensor } from "../tensor.ts";
import { sha256, writeWhole } from "./cache.ts";
import type { ConvertArguments } from "./convert_args.ts";
import { isModelFile, openModel } from "./model.ts";
import { note, oneLine, print } from "./output.ts";
import { demand } from "./permissions.ts";
import { reasonOf } from "./reason.ts";
import { isUrl } from "./sources.ts";
import { table } from "./table.ts";
import type { Outcome } from "./verb.ts";

/** Largest difference of outputs that rounding weights to f16 may make, relative to the greatest value. */
const MAX_HALF_ERROR = 0.05;

/**
 * Converts a model; the file is written when it has been read back and found to compute the same.
 *
 * @throws {SimdetError} If the model cannot be read, or what was converted computes something else.
 * @throws {PermissionError} If the file may not be written.
 */
export async function convert(args: ConvertArguments): Promise<Outcome> {
  const { model, modelFlags, name, output, f16, compiled, maxMemory, quiet } = args;
  if (resolve(model) === resolve(output)) {
    throw new OptionError(`-o names the model itself, ${output}; choose another name`);
  }
  await demand({ name: "write", path: output });
  if ((await Deno.stat(output).catch(() => undefined))?.isDirectory) {
    throw new OptionError(`-o names a folder, ${output}; name a file`);
  }
  const source = await loadGraph(await openModel(model, { quiet, flags: modelFlags }));
  const origin = source.info.origin ?? await originOf(model);
  const graph = { ...source, info: { ...source.info, name: name ?? source.info.name, origin } };
  const bytes = compiled
    ? await compileModel(graph, { ...compiled, maxMemory })
    : writeSafetensors(graph, { f16 });
  const options = { maxMemory };
  const error = await compare(
    graph,
    options,
    async () =>
      compiled
        ? await Session.load(await decodeProgram(bytesSource(bytes)), options)
        : await Session.create(readSafetensors(bytes), options),
  );
  if (!(error <= (f16 ? MAX_HALF_ERROR : 0))) {
    throw new ModelError(
      `Cannot convert ${model}: outputs differ by ${error.toPrecision(2)} of the greatest, wanted at most ${
        f16 ? MAX_HALF_ERROR : 0
      }${f16 ? "; leave --f16 out" : ""}`,
    );
  }
  if (!quiet) print(describeLayers(graph));
  await writeWhole(output, bytes).catch((cause) => {
    throw new ModelError(`Cannot write ${output}: ${reasonOf(cause)}`, "bad_model", { cause });
  });
  const verdict = f16 ? `outputs within ${error.toExponential(1)} of the greatest` : "the same outputs";
  const host = compiled ? `compiled for ${describeBuild()}, ` : "";
  note(`${output}: ${oneLine(graph.info.name)}, ${format(bytes.length)}, ${host}${verdict}`);
  for (const line of omissions(graph)) note(`${output}: ${line}`);
  return { failed: 0, missing: [] };
}

async function originOf(model: string): Promise<Graph["info"]["origin"]> {
  if (isUrl(model) || !isModelFile(model)) return undefined;
  return { source: basename(model), integrity: `sha256:${await sha256(await Deno.readFile(model))}` };
}

/** What a program compiled here runs on, and nothing else. */
function describeBuild(): string {
  const { arch, simd } = chooseBuild();
  return `${arch} (${simd}) and this release alone`;
}

/** Greatest difference between the outputs of a graph and of what was made from it, on the same noise, relative to the greatest value. */
async function compare(
  graph: Graph,
  options: SessionOptions,
  start: () => Promise<Session>,
): Promise<number> {
  using first = await Session.create(graph, options);
  const inputs = Object.fromEntries(first.inputs.map((port) => [port.name, noise(port, graph)]));
  const wanted = first.runSync(inputs);
  first.dispose();
  using second = await start();
  const found = await second.run(inputs);
  return Math.max(...Object.entries(wanted).map(([name, { data }]) => difference(found[name].data, data)));
}

function difference(found: Float32Array, wanted: Float32Array): number {
  let [greatest, most] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    greatest = Math.max(greatest, Math.abs(wanted[i]));
    // Where both are not a number they agree.
    if (!Object.is(found[i], wanted[i])) most = Math.max(most, Math.abs(found[i] - wanted[i]));
  }
  return most === 0 ? 0 : most / greatest;
}

/** Values between those of black and white, the same at every run. */
function noise({ shape }: Port, { info: { preprocessing } }: Graph): Tensor {
  const { scale: [scale], offset: [offset] } = preprocessing ?? { scale: [2 / 255], offset: [-1] };
  let state = 1;
  const next = () => (state = Math.imul(state, 1664525) + 1013904223 | 0) / 2 ** 32 + 0.5;
  return { shape, data: Float32Array.from({ length: elements(shape) }, () => next() * 255 * scale + offset) };
}

/** A row a layer of the compiled network: its name, kernel, shapes and multiply-adds, and their sum. */
function describeLayers(graph: Graph): string {
  const { steps } = compile(graph, { arch: chooseBuild().arch, threads: 1 });
  const millions = (macs: number) => (macs / 1e6).toFixed(2);
  const rows = steps.map(({ name, kernel, inputs, outputs, macs }) => [
    name,
    kernel,
    `${inputs} -> ${outputs}`,
    macs > 0 ? millions(macs) : "-",
  ]);
  const total = steps.reduce((sum, { macs }) => sum + macs, 0);
  const parameters = [...graph.constants.values()].reduce((sum, { data }) => sum + data.length, 0);
  const last = [
    `${steps.length} layers`,
    "",
    `${(parameters / 1e6).toFixed(2)} M constants`,
    millions(total),
  ];
  return table([["layer", "kernel", "in -> out", "MMAC"], ...rows, last], new Set([3]));
}

/** What the file does not say although photos need it. */
function omissions({ info }: Graph): string[] {
  return [
    ...info.preprocessing ? [] : ["it does not say how a photo becomes its input; --preset NAME does"],
    ...info.postprocessing ? [] : ["it does not say what its outputs mean; --preset NAME does"],
    ...info.labels ? [] : ["its classes have no names (80 count as COCO's); --labels FILE gives them"],
  ];
}
