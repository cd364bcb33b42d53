/**
 * Where a photo lies on a network's input: the one geometry that resizing follows and boxes are led back by.
 *
 * @module
 */

import type { Preprocessing } from "../graph/model_info.ts";

/** The rectangle of the input, in its pixels, that the whole photo covers; for crops larger than the input. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Places a photo of `width` x `height` on the input. */
export function placeImage(width: number, height: number, spec: Preprocessing): Placement {
  const { fit = "stretch", cropFrom } = spec;
  if (fit === "stretch") return { x: 0, y: 0, width: spec.width, height: spec.height };
  if (fit === "crop") {
    // The shorter side, relative to the input's, gets exactly its size; the longer one is cut down to whole pixels, as torchvision does.
    const grown = (cropFrom ?? Math.min(spec.width, spec.height)) / Math.min(spec.width, spec.height);
    const scale = Math.max(spec.width * grown / width, spec.height * grown / height);
    const [w, h] = [
      Math.max(1, Math.trunc(width * scale + 1e-9)),
      Math.max(1, Math.trunc(height * scale + 1e-9)),
    ];
    return { x: 0 - halfOf(w - spec.width), y: 0 - halfOf(h - spec.height), width: w, height: h };
  }
  const scale = Math.min(spec.width / width, spec.height / height);
  const [w, h] = [
    Math.max(1, Math.trunc(width * scale + 1e-9)),
    Math.max(1, Math.trunc(height * scale + 1e-9)),
  ];
  const centred = fit === "letterbox";
  return { x: centred ? spec.width - w >> 1 : 0, y: centred ? spec.height - h >> 1 : 0, width: w, height: h };
}

/** Half of a number of pixels as Python rounds it: a half goes to the even side. */
function halfOf(pixels: number): number {
  const half = Math.floor(pixels / 2);
  return half + (pixels % 2 !== 0 && half % 2 !== 0 ? 1 : 0);
}

/** The rectangle that boxes are led back from: that of the photo, but as its framework reckons it. */
export function placeBoxes(width: number, height: number, spec: Preprocessing): Placement {
  const place = placeImage(width, height, spec);
  switch (spec.fit) {
    // Darknet puts the photo on whole pixels, and its boxes around the true middle.
    case "letterbox":
      return { ...place, x: (spec.width - place.width) / 2, y: (spec.height - place.height) / 2 };
    // YOLOX leads back by the factor it asked for, not by what whole pixels made of it.
    case "letterbox_top_left": {
      const scale = Math.min(spec.width / width, spec.height / height);
      return { ...place, width: width * scale, height: height * scale };
    }
    default:
      return place;
  }
}
