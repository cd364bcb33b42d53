/**
 * Convolutions and the share of the machine's multiply-add peak that they reach, by kind.
 *
 * @module
 */

import { markdownTable, percent } from "./markdown.ts";
import { median } from "./stats.ts";

/** One distinct convolution. */
export interface LayerData {
  /** Name of the first layer of this shape. */
  readonly name: string;
  readonly kind: string;
  /** e.g. `1x1 19x19x96 -> 19x19x576`. */
  readonly shape: string;
  readonly kernel: string;
  /** How many layers of the model have it. */
  readonly layers: number;
  readonly macs: number;
  /** Milliseconds of one run, alone and inside the network (the mean of its layers). */
  readonly ms: number;
  readonly msInNetwork: number;
  /** Shares of the peak, 0 to 1, likewise. */
  readonly share: number;
  readonly shareInNetwork: number;
}

/** All convolutions of one kind. */
export interface KindData {
  readonly kind: string;
  /** How many distinct shapes. */
  readonly shapes: number;
  /** Share of the model's multiply-adds. */
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
  readonly model: string;
  readonly simd: string;
  /** Multiply-add peak, GMAC/s. */
  readonly peak: number;
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
