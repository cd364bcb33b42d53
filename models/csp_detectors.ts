/**
 * CSPPeleeNet as a YOLOv3 detector (Wang et al. 2019, "CSPNet", arXiv 1911.11929, section 4.3): with the Exact Fusion Model at strides 8, 16 and 32, with and without spatial
 * attention, and with the head of Partial Residual Networks at strides 32 and 16. The paper publishes no code for them: see the heads. Input RGB, normalised by ImageNet's mean and
 * deviation, sides that are multiples of 32.
 *
 * @module
 */

import { OptionError } from "../src/errors.ts";
import { COCO_LABELS } from "./coco.ts";
import { cspPeleeFeatures } from "./cspnet.ts";
import { efm, type EfmConfig } from "./heads/efm.ts";
import { prn } from "./heads/prn.ts";
import { type Anchors, yoloHead, yoloPostprocessing } from "./heads/yolo.ts";
import type { NetworkBuilder, Value } from "./layers.ts";
import { IMAGENET, type Network, type NetworkOptions, type NetworkTable } from "./network.ts";

/** Anchors of YOLOv3 at 416 (darknet, cfg/yolov3.cfg), of strides 8, 16 and 32. */
const YOLOV3_ANCHORS: readonly Anchors[] = [
  [[10, 13], [16, 30], [33, 23]],
  [[30, 61], [62, 45], [59, 119]],
  [[116, 90], [156, 198], [373, 326]],
];

/** Anchors of yolov3-tiny-prn.cfg, of strides 32 and 16. */
const TINY_ANCHORS: readonly Anchors[] = [
  [[81, 82], [135, 169], [344, 319]],
  [[23, 27], [37, 58], [81, 82]],
];

const EFM: EfmConfig = { width: 128, maxout: 2, outputs: 256, attention: false };
const STRIDE = 32;

/** What predicts at each scale, from the backbone's maps at strides 8, 16 and 32. */
type Neck = (net: NetworkBuilder, maps: readonly [Value, Value, Value]) => readonly Value[];

function detector(
  name: string,
  neck: Neck,
  anchors: readonly Anchors[],
  inputSize: number,
  more: Pick<Network, "accuracy"> = {},
): Network {
  return {
    task: "detect",
    paper: "arXiv 1911.11929",
    upstream: "none published; an interpretation of the paper",
    licence: "MIT",
    inputSize: [inputSize, inputSize],
    classes: COCO_LABELS.length,
    labels: COCO_LABELS,
    preprocessing: IMAGENET,
    postprocessing: (outputs) => yoloPostprocessing(outputs, anchors),
    build(net, input, { classes, inputSize: size }: NetworkOptions) {
      if (size.some((extent) => extent % STRIDE !== 0)) {
        throw new OptionError(
          `${name} takes pictures whose sides are multiples of ${STRIDE}, not ${size[1]}x${size[0]}`,
        );
      }
      const [, eighth, sixteenth, last] = cspPeleeFeatures(net, input);
      const maps = neck(net, [eighth, sixteenth, last]);
      return maps.map((map, i) => yoloHead(net, map, `yolo.${i}`, anchors[i], classes));
    },
    ...more,
  };
}

/** The members of the family. */
export const cspDetectors: NetworkTable = {
  "csppeleenet-efm-coco": detector(
    "csppeleenet-efm-coco",
    (net, maps) => efm(net, maps, EFM),
    YOLOV3_ANCHORS,
    416,
  ),
  "csppeleenet-efm-sam-coco": detector(
    "csppeleenet-efm-sam-coco",
    (net, maps) => efm(net, maps, { ...EFM, attention: true }),
    YOLOV3_ANCHORS,
    416,
  ),
  "csppeleenet-prn-coco": detector(
    "csppeleenet-prn-coco",
    (net, [, sixteenth, last]) => prn(net, [sixteenth, last]),
    TINY_ANCHORS,
    416,
  ),
};
