/**
 * Networks of the zoo beside ONNX Runtime, as a table.
 *
 * @module
 */

import { markdownTable, percent, times } from "./markdown.ts";
import type { Summary } from "./stats.ts";

/** One network: ratios are times of the peer over Simdet's. */
export interface NetworkComparison {
  readonly name: string;
  /** Height and width of the picture, `224x224`. */
  readonly input: string;
  readonly macs: number;
  /** Milliseconds with one thread. */
  readonly simdet: Summary;
  /** Share of the multiply-add peak of the same round, counted as direct multiply-adds. */
  readonly share: number;
  /** One thread over two. */
  readonly threads: Summary;
  /** How two cores get on, which older runs do not tell. */
  readonly cores?: {
    /** How many times as many runs two copies make, one on each core, as one alone. */
    readonly copies: Summary;
    /** Nanoseconds that a cache line takes from one to the other. */
    readonly handover: Summary;
  };
  /** onnxruntime-web over one thread, over two, and onnxruntime-node over one. */
  readonly web: Summary;
  readonly webTwo: Summary;
  readonly native: Summary;
}

/** What is kept of a run. */
export interface OnnxruntimeData {
  /** Of the peers. */
  readonly versions: { readonly web: string; readonly native: string };
  readonly networks: readonly NetworkComparison[];
}

/** Ratios and shares of each network, and their geometric means: of all, and of those of the most common input. */
export function onnxruntimeTable({ versions, networks }: OnnxruntimeData): string {
  const columns: readonly ((network: NetworkComparison) => number)[] = [
    ({ web }) => web.median,
    ({ webTwo }) => webTwo.median,
    ({ native }) => native.median,
    ({ threads }) => threads.median,
  ];
  const withCores = networks.every(({ cores }) => cores !== undefined);
  const coresOf = ({ cores }: NetworkComparison) =>
    cores ? [times(cores.copies.median), `${cores.handover.median.toFixed(0)} ns`] : [];
  const meanRow = (name: string, group: readonly NetworkComparison[]) => {
    const mean = (of: (network: NetworkComparison) => number) =>
      Math.exp(group.reduce((sum, network) => sum + Math.log(of(network)), 0) / group.length);
    return [
      name,
      "",
      percent(mean(({ share }) => share)),
      ...columns.map((of) => times(mean(of))),
      ...withCores ? ["", ""] : [],
    ];
  };
  const [[input, alike]] = [...Map.groupBy(networks, ({ input }) => input)]
    .toSorted(([, a], [, b]) => b.length - a.length);
  return markdownTable(
    [
      "time over Simdet's",
      "MMAC",
      "share of peak",
      `onnxruntime-web ${versions.web}`,
      "the same over 2 threads",
      `onnxruntime-node ${versions.native} (native)`,
      "1 thread over 2",
      ...withCores ? ["2 copies over 1", "core to core"] : [],
    ],
    [
      ...networks.map((network) => [
        `${network.name} ${network.input}`,
        (network.macs / 1e6).toFixed(0),
        percent(network.share),
        ...columns.map((of) => times(of(network))),
        ...withCores ? coresOf(network) : [],
      ]),
      ...(alike.length < networks.length ? [meanRow(`geometric mean, ${input}`, alike)] : []),
      meanRow("geometric mean", networks),
    ],
  );
}
