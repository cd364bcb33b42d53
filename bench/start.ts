/**
 * Cold starts of COCO SSDLite-MobileNetV2, from a compiled program and from plain weights, beside an empty script: `deno task bench:start`.
 *
 * Whole processes in turn. A start ends with the exit behind the first inference, photo left out: the input is noise. The network's first inference runs in
 * code that is not optimised yet; how it compares with later ones is told by processes that go on.
 *
 * @module
 */

import { join } from "@std/path";
import { compileModel, decodeProgram, readModel } from "../mod.ts";
import { DEFAULT_MODEL } from "../models/zoo.ts";
import { bytesSource } from "../src/compiler/program_file.ts";
import { ensureModel } from "../src/cli/weights.ts";
import { runCommand } from "./support/command.ts";
import { parseFlags } from "./support/flags.ts";
import { interleave } from "./support/interleave.ts";
import { markdownTable, times } from "./support/markdown.ts";
import { report, resultOf } from "./support/results.ts";
import { measureBare, measureStart, measureTouch, type Start } from "./support/start.ts";
import { ratios, summarize, type Summary } from "./support/stats.ts";

/** The most that a start from a compiled program may take on top of an empty script, in milliseconds. */
const MOST_MS = 100;
/** The most that its first inference may take, times a later one. */
const MOST_FIRST = 3;

/** Starts from one kind of file. */
interface StartData {
  readonly from: string;
  /** Milliseconds of the whole process more than an empty script's of the same round. */
  readonly more: Summary;
  /** First inference over a later one of the same process. */
  readonly first: Summary;
}

/** What is kept of a run. */
interface StartsData {
  /** Milliseconds of an empty script. */
  readonly bare: Summary;
  /** Milliseconds more of one that reads the program's file and touches its memory, which costs much on some virtual machines. */
  readonly touch: Summary;
  readonly starts: readonly StartData[];
  /** How many times as long the start from weights takes, both without the empty script's part. */
  readonly weights: Summary;
}

const flags = await runCommand(() =>
  parseFlags("Cold starts, whole processes: deno task bench:start", { runs: 15, warmup: 1 }, {
    most: 0,
  })
);

const folder = await Deno.makeTempDir({ prefix: "simdet_start_" });
try {
  const weights = await ensureModel(DEFAULT_MODEL, { quiet: flags.json });
  const files = ["model.program", "model.safetensors"].map((name) => join(folder, name));
  const program = await compileModel(await readModel(weights));
  await Deno.writeFile(files[0], program);
  await Deno.writeFile(files[1], weights);

  const { sizes } = (await decodeProgram(bytesSource(program))).program;
  const [bare, touched, ...measured] = await interleave<number | Start>(
    [
      measureBare,
      () => measureTouch(files[0], sizes.total),
      ...files.map((path) => () => measureStart(path)),
    ],
    flags,
  ) as [number[], number[], Start[], Start[]];
  const more = measured.map((starts) => starts.map(({ wall }, round) => wall - bare[round]));
  const starts = ["compiled program", "plain weights"].map((from, i): StartData => ({
    from,
    more: summarize(more[i]),
    first: ratios(measured[i].map(({ first }) => first), measured[i].map(({ steady }) => steady)),
  }));
  const data: StartsData = {
    bare: summarize(bare),
    touch: summarize(touched.map((ms, round) => ms - bare[round])),
    starts,
    weights: ratios(more[1], more[0]),
  };

  const [compiled] = starts;
  const verdict = (met: boolean) => met ? "met" : "missed";
  const text = [
    markdownTable(
      [
        "whole process, less an empty script's",
        "median",
        "least",
        "greatest",
        "first inference / later ones",
      ],
      starts.map(({ from, more, first }) => [
        from,
        ...[more.median, more.min, more.max].map((ms) => `${ms.toFixed(1)} ms`),
        times(first.median),
      ]),
    ),
    `An empty script: ${
      data.bare.median.toFixed(1)
    } ms. To read the program's file and touch its memory takes ${
      data.touch.median.toFixed(1)
    } ms more. Plain weights take ${times(data.weights.median)} as long as a compiled program.`,
    `Bars: ${MOST_MS} ms ${verdict(compiled.more.median <= MOST_MS)}, first inference ${MOST_FIRST}x ${
      verdict(compiled.first.median <= MOST_FIRST)
    }.`,
  ].join("\n\n");
  await report(resultOf("start", data), text, flags);
} finally {
  await Deno.remove(folder, { recursive: true });
}
