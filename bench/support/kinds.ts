/**
 * Convolutions and the share of the machine's multiply-add peak that they reach, by kind.
 *
 * @module
 */

import type { Peaks } from "../../src/runtime/profile.ts";
import { markdownTable, percent, times } from "./markdown.ts";
import { median } from "./stats.ts";

/** A convolution run in one way. */
export interface WayData {
  readonly kernel: string;
  /** Milliseconds of one run, the layer alone. */
  readonly ms: number;
  /** Share of the peak, 0 to 1. */
  readonly share: number;
  /** Milliseconds of a run that finds no weights in the caches; measured where the chosen way loses. */
  readonly coldMs?: number;
}

/** One distinct convolution, and the way that the compiler chooses. */
export interface LayerData extends WayData {
  /** Name of the first layer of this shape. */
  readonly name: string;
  readonly kind: string;
  /** e.g. `1x1 19x19x96 -> 19x19x576`. */
  readonly shape: string;
  /** How many layers of the models have it. */
  readonly layers: number;
  readonly macs: number;
  /** Milliseconds inside the network, the mean of its layers, and the share of the peak. */
  readonly msInNetwork: number;
  readonly shareInNetwork: number;
  /** All ways, the chosen one first. */
  readonly ways: readonly WayData[];
}

/** All convolutions of one kind. */
export interface KindData {
  readonly kind: string;
  /** How many distinct shapes. */
  readonly shapes: number;
  /** Share of the models' multiply-adds. */
  readonly work: number;
  /** Shares of the peak, of the shapes one by one. */
  readonly median: number;
  readonly least: number;
  /** Share of the peak of all layers of the kind together: alone, and inside the network. */
  readonly together: number;
  readonly inNetwork: number;
}

/** What is kept of a run. */
export interface KernelsData {
  readonly models: readonly string[];
  readonly simd: string;
  readonly peaks: Peaks;
  readonly kinds: readonly KindData[];
  readonly layers: readonly LayerData[];
}

/** Sums layers up by kind, the kind with the most work first. */
export function sumKinds(layers: readonly LayerData[], peak: number): KindData[] {
  const sum = (list: readonly LayerData[], value: (layer: LayerData) => number) =>
    list.reduce((total, layer) => total + layer.layers * value(layer), 0);
  const all = sum(layers, (layer) => layer.macs);
  return [...Map.groupBy(layers, (layer) => layer.kind)].map(([kind, list]) => {
    const macs = sum(list, (layer) => layer.macs);
    const shares = list.map((layer) => layer.share);
    return {
      kind,
      shapes: list.length,
      work: macs / all,
      median: median(shares),
      least: Math.min(...shares),
      together: macs / sum(list, (layer) => layer.ms) / 1e6 / peak,
      inNetwork: macs / sum(list, (layer) => layer.msInNetwork) / 1e6 / peak,
    };
  }).sort((a, b) => b.work - a.work);
}

/** Kinds as a table. */
export function kindsTable(kinds: readonly KindData[]): string {
  return markdownTable(
    ["share of the multiply-add peak", "work", "shapes", "median", "least", "together", "in the network"],
    kinds.map(({ kind, work, shapes, median, least, together, inNetwork }) => [
      kind,
      percent(work),
      String(shapes),
      ...[median, least, together, inNetwork].map(percent),
    ]),
  );
}

/** Every way of every layer as a table, layers of a kind together. */
export function waysTable(layers: readonly LayerData[]): string {
  const sorted = layers.toSorted((a, b) => a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : b.macs - a.macs);
  return markdownTable(
    ["convolution", "kernel", "chosen", "layers", "MMAC", "GMAC/s", "share of peak", "in the network"],
    sorted.flatMap(({ shape, layers, macs, shareInNetwork, ways }) =>
      ways.map(({ kernel, ms, share }, i) => [
        i === 0 ? shape : "",
        kernel,
        i === 0 ? "*" : "",
        i === 0 ? String(layers) : "",
        i === 0 ? (macs / 1e6).toFixed(2) : "",
        (macs / ms / 1e6).toFixed(1),
        percent(share),
        i === 0 ? percent(shareInNetwork) : "",
      ])
    ),
  );
}

/** The chosen way loses to one that takes less than this share of its time. */
const LOSING = 0.95;

/** Whether the chosen way, the first, is not the fastest. */
export function loses(ways: readonly Pick<WayData, "ms">[]): boolean {
  return ways.some(({ ms }) => ms < LOSING * ways[0].ms);
}

/** The layers whose chosen way loses, and how it does where weights come from memory. */
export function losersTable(layers: readonly LayerData[]): string {
  const losers = layers.filter(({ ways }) => loses(ways));
  if (losers.length === 0) {
    return `The chosen kernel is within ${percent(1 - LOSING)} of the fastest everywhere.`;
  }
  return markdownTable(
    ["chosen, but not the fastest", "kernel", "the fastest", "times as fast", "with cold caches"],
    losers.map(({ shape, ways }) => {
      const [chosen] = ways, fastest = ways.reduce((best, way) => way.ms < best.ms ? way : best);
      const cold = chosen.coldMs === undefined || fastest.coldMs === undefined
        ? "-"
        : times(chosen.coldMs / fastest.coldMs);
      return [shape, chosen.kernel, fastest.kernel, times(chosen.ms / fastest.ms), cold];
    }),
  );
}
