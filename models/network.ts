/**
 * What a network of the zoo is: a table entry with a pedigree, and the function that builds it.
 *
 * @module
 */

import type { Pair } from "../src/geometry.ts";
import type { Label, Postprocessing, Preprocessing } from "../src/graph/model_info.ts";
import type { NetworkBuilder, Value } from "./layers.ts";

/** A published accuracy. */
export interface Accuracy {
  /** What was measured, on what. */
  readonly metric: string;
  /** The published figure, in percent. */
  readonly value: number;
  /** Where it was published. */
  readonly source: string;
}

/** Trained weights that are to be fetched from their authors. */
export interface Published {
  /** The file that `--model` is given afterwards. */
  readonly file: string;
  /** The shell command that fetches it. */
  readonly fetch: string;
  /** Flags that go with `--model`, where the file does not say all. */
  readonly flags?: string;
}

/** A file at an address of its own. */
export function download(url: string, file: string = url.slice(url.lastIndexOf("/") + 1)): Published {
  return { file, fetch: `curl -fL -o ${file} '${url}'` };
}

/** A file of torchvision's. */
export function torchvisionFile(file: string): Published {
  return download(`https://download.pytorch.org/models/${file}`);
}

/** A checkpoint of timm's, `model.tag`. */
export function timmFile(name: string): Published {
  return download(
    `https://huggingface.co/timm/${name}/resolve/main/model.safetensors`,
    `${name}.safetensors`,
  );
}

/** A file on Google Drive. */
export function driveFile(id: string, file: string): Published {
  return download(`https://drive.usercontent.google.com/download?id=${id}&export=download&confirm=t`, file);
}

/** A file in a folder on Google Drive; gdown is a Python program. */
export function driveFolder(id: string, file: string): Published {
  return { file: `weights/${file}`, fetch: `gdown --folder ${id} -O weights` };
}

/** How a family normalises a photo: everything but the size. */
export type Normalisation = Pick<Preprocessing, "resize" | "scale" | "offset"> & Partial<Preprocessing>;

/** Where the two parts of a cross stage partial stage meet (figure 3 of arXiv 1911.11929): before the transition, behind it, or between two of them. */
export type Fusion = "first" | "last" | "full";

/** What can be chosen of networks that say so. */
export interface Variants {
  /** Of cross stage partial networks: the part of a stage's channels that passes it by, between 0 and 1. */
  readonly gamma?: number;
  /** Of cross stage partial dense networks. */
  readonly fusion?: Fusion;
  /** Of MobileNets: the factor of all layers' channels, which are rounded to multiples of 8; above 0, at most 4. */
  readonly width?: number;
}

/** What is chosen when a network is built. */
export interface NetworkOptions extends Variants {
  /** Height and width of the input. */
  readonly inputSize: Pair;
  /** Number of classes, without background. */
  readonly classes: number;
}

/** A network that can be built by name. */
export interface Network {
  /** What it does with a photo. */
  readonly task: "classify" | "detect";
  /** Where it was published. */
  readonly paper: string;
  /** Code that was followed. */
  readonly upstream: string;
  /** Licence of the upstream's code and weights. */
  readonly licence: string;
  /** Height and width that it was published at. */
  readonly inputSize: Pair;
  /** Classes that it was published with. */
  readonly classes: number;
  /** Names of the classes that it was published with; `null` where an output belongs to no class. */
  readonly labels?: readonly (Label | null)[];
  /** How a photo becomes its input. */
  readonly preprocessing: Normalisation;
  /** How its outputs become results; a classifier's softmax where left out. */
  readonly postprocessing?: (outputs: readonly Value[], options: NetworkOptions) => Postprocessing;
  /** How good its authors found it. */
  readonly accuracy?: Accuracy;
  /** Trained weights that its authors publish in a form that is read here, if they do. */
  readonly weights?: Published;
  /** Part of a classifier's photo that is looked at at its published size: the middle of the photo, its shorter side enlarged by one over this. */
  readonly crop?: number;
  /** What can be chosen of it beside size and classes. */
  readonly variants?: readonly (keyof Variants)[];
  /** Builds it; gives its outputs. */
  readonly build: (net: NetworkBuilder, input: Value, options: NetworkOptions) => readonly Value[];
}

/** Networks by name. */
export type NetworkTable = Readonly<Record<string, Network>>;

const normalise = (mean: readonly number[], deviation: readonly number[]): Normalisation => ({
  resize: "half_pixel",
  antialias: true,
  scale: deviation.map((d) => 1 / (255 * d)) as [number, number, number],
  offset: mean.map((m, c) => -m / deviation[c]) as [number, number, number],
});

/** What OpenCV gives, channels blue to red or red to blue, less `mean`, times `scale`: how most SSD code feeds photos. */
export const opencv = (channels: "rgb" | "bgr", mean: readonly number[], scale = 1): Normalisation => ({
  resize: "opencv",
  channels,
  scale: [scale, scale, scale],
  offset: mean.map((m) => -m * scale) as [number, number, number],
});

/** ImageNet's mean and deviation, as torchvision and timm subtract and divide. */
export const IMAGENET: Normalisation = normalise([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

/** To [-1, 1], as TensorFlow's "inception" preprocessing. */
export const INCEPTION: Normalisation = normalise([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);

/** To [0, 1]. */
export const UNIT: Normalisation = normalise([0, 0, 0], [1, 1, 1]);
