/**
 * What V8's flags buy and cost: `deno task bench:flags`.
 *
 * Every flag, and none, in processes of their own, in turn: networks of the zoo opened as compiled programs and run, as in `deno task bench:start`, and
 * `detect.ts` on one photo. A ratio is that of one round.
 *
 * @module
 */

import { join } from "@std/path";
import { buildModel, compileModel, readModel } from "../mod.ts";
import { DEFAULT_MODEL } from "../models/zoo.ts";
import { ensureModel } from "../src/cli/weights.ts";
import { runCommand } from "./support/command.ts";
import { parseFlags } from "./support/flags.ts";
import { interleave } from "./support/interleave.ts";
import { markdownTable, times } from "./support/markdown.ts";
import { photoPath } from "./support/photo.ts";
import { report, resultOf } from "./support/results.ts";
import { runScript } from "./support/script.ts";
import { measureStart, type Start } from "./support/start.ts";
import { ratios, type Summary } from "./support/stats.ts";

const FLAGS = ["--no-wasm-bounds-checks", "--no-liftoff"];
const NETWORKS = ["peleenet", "vovnet39"];
const SIZE = 224;

/** One network with a flag, over the same without. */
interface NetworkFlag {
  readonly network: string;
  readonly flag: string;
  /** Times of a later inference, of the first one, and of the whole process that ends behind the first. */
  readonly steady: Summary;
  readonly first: Summary;
  readonly start: Summary;
}

/** `detect.ts` on a photo with a flag, over the same without. */
interface PhotoFlag {
  readonly flag: string;
  /** Times of decoding the photo, and of the whole process. */
  readonly decode: Summary;
  readonly process: Summary;
}

/** What is kept of a run. */
interface FlagsData {
  readonly networks: readonly NetworkFlag[];
  readonly photo: readonly PhotoFlag[];
}

const usage = "What V8's flags buy and cost: deno task bench:flags [PHOTO]";
const { flags, photo } = await runCommand(async () => {
  const flags = parseFlags(usage, { runs: 7, warmup: 1 });
  return { flags, photo: await photoPath(flags.given[0]) };
});

/** The environments: without a flag, then with each. */
const environments: Record<string, string>[] = [{}, ...FLAGS.map((flag) => ({ DENO_V8_FLAGS: flag }))];

/** Measures `contender` in each environment; gives for each flag the two lists of measurements, with it and without. */
async function withFlags<T>(
  contender: (env: Record<string, string>) => Promise<T>,
): Promise<{ flag: string; found: readonly T[]; plain: readonly T[] }[]> {
  const [plain, ...found] = await interleave(environments.map((env) => () => contender(env)), flags);
  return FLAGS.map((flag, i) => ({ flag, found: found[i], plain }));
}

async function measureNetwork(network: string, path: string): Promise<NetworkFlag[]> {
  return (await withFlags((env) => measureStart(path, env))).map(({ flag, found, plain }) => {
    const ratio = (of: (start: Start) => number) => ratios(found.map(of), plain.map(of));
    return {
      network,
      flag,
      steady: ratio(({ steady }) => steady),
      first: ratio(({ first }) => first),
      start: ratio(({ wall }) => wall),
    };
  });
}

async function measurePhoto(photo: string): Promise<PhotoFlag[]> {
  const script = ["detect.ts", "--quiet", "--threads", "1", "--format", "json", photo];
  const measured = await withFlags(async (env) => {
    // As in measureStart: Deno keeps compiled scripts for the flags of the last process.
    await runScript(script, { env });
    const { wall, stdout } = await runScript(script, { env });
    const [{ speed }]: { speed: { decode: number } }[] = JSON.parse(stdout);
    return { wall, decode: speed.decode };
  });
  return measured.map(({ flag, found, plain }) => ({
    flag,
    decode: ratios(found.map(({ decode }) => decode), plain.map(({ decode }) => decode)),
    process: ratios(found.map(({ wall }) => wall), plain.map(({ wall }) => wall)),
  }));
}

const folder = await Deno.makeTempDir({ prefix: "simdet_flags_" });
try {
  const weights = await ensureModel(DEFAULT_MODEL, { quiet: flags.json });
  const graphs = [
    ...NETWORKS.map((name) => buildModel(name, { inputSize: SIZE })),
    await readModel(weights),
  ];
  const networks: NetworkFlag[] = [];
  for (const graph of graphs) {
    const path = join(folder, `${graph.info.name}.program`);
    await Deno.writeFile(path, await compileModel(graph));
    networks.push(...await measureNetwork(graph.info.name, path));
  }
  const data: FlagsData = { networks, photo: await measurePhoto(photo) };
  const cells = (...summaries: Summary[]) => summaries.map(({ median }) => times(median));
  const text = [
    markdownTable(
      ["time with the flag over time without", "flag", "later inference", "first inference", "cold start"],
      data.networks.map(({ network, flag, steady, first, start }) => [
        network,
        flag,
        ...cells(steady, first, start),
      ]),
    ),
    markdownTable(
      ["detect.ts on one photo", "decoding it", "whole process"],
      data.photo.map(({ flag, decode, process }) => [flag, ...cells(decode, process)]),
    ),
  ].join("\n\n");
  await report(resultOf("flags", data), text, flags);
} finally {
  await Deno.remove(folder, { recursive: true });
}
