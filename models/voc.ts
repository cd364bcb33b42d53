/**
 * The classes of PASCAL VOC (Everingham et al. 2010).
 *
 * @module
 */

import type { Label } from "../src/graph/model_info.ts";

/** The 20 classes in alphabetical order, numbered from 1. */
export const VOC_LABELS: readonly Label[] = [
  "aeroplane",
  "bicycle",
  "bird",
  "boat",
  "bottle",
  "bus",
  "car",
  "cat",
  "chair",
  "cow",
  "diningtable",
  "dog",
  "horse",
  "motorbike",
  "person",
  "pottedplant",
  "sheep",
  "sofa",
  "train",
  "tvmonitor",
].map((name, i) => ({ name, categoryId: i + 1 }));
