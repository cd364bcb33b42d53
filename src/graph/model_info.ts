/**
 * What a model file says about itself beside its graph: labels, how a photo becomes its input, how its raw
 * outputs become boxes or classes, where it comes from. Plain data, stored as JSON in `__metadata__`.
 *
 * @module
 */

/** One class of a model. */
export interface Label {
  /** Human-readable name. */
  readonly name: string;
  /** The data set's own number of the class. */
  readonly categoryId: number;
}

/** How pixels become the input tensor: resize, then `x * scale + offset` for each channel, `x` in 0..255. */
export interface Preprocessing {
  /** Name of the graph input that receives the photo. */
  readonly input: string;
  /** Input width in pixels. */
  readonly width: number;
  /** Input height in pixels. */
  readonly height: number;
  /**
   * Where an output pixel lies in the photo; bilinear between. `tf_bilinear`: TensorFlow's ResizeBilinear with corners unaligned. `half_pixel`: centres of pixels
   * meet (PyTorch without antialiasing). `opencv`: the same in whole numbers, rounded as OpenCV's INTER_LINEAR. `align_corners`: centres of corner pixels meet (Darknet).
   */
  readonly resize: "tf_bilinear" | "half_pixel" | "opencv" | "align_corners";
  /**
   * Whether shrinking a photo weighs all of its pixels rather than the nearest ones. It is resized to bytes as Pillow does then, hence torchvision and timm,
   * whatever `resize` says. Default `false`.
   */
  readonly antialias?: boolean;
  /**
   * How a photo of another shape becomes the input. `stretch` (the default): width and height by themselves. `letterbox`: whole, centred on `pad`. `letterbox_top_left`:
   * whole, in the top left corner. `crop`: so that the shorter side has `cropFrom` pixels, then the middle.
   */
  readonly fit?: "stretch" | "letterbox" | "letterbox_top_left" | "crop";
  /** Of `crop`: pixels of the shorter side before cropping; the input's own size when left out. */
  readonly cropFrom?: number;
  /** Of the letterboxes: what surrounds the photo, 0..255 in every channel. Default 0. */
  readonly pad?: number;
  /** Order of the channels of the input. Default `rgb`. */
  readonly channels?: "rgb" | "bgr";
  /** Factor of each channel of the input. */
  readonly scale: readonly [number, number, number];
  /** Added to each channel of the input after scaling. */
  readonly offset: readonly [number, number, number];
}

/** Raw SSD heads to boxes: box coder of Faster R-CNN / SSD over fixed priors. */
export interface SsdPostprocessing {
  /** Which decoder. */
  readonly kind: "ssd";
  /** Graph output `[1, priors, 4]`, in the order of `order`. */
  readonly boxes: string;
  /** What the four values of a box are. `yxhw`, the default: (ty, tx, th, tw), as TensorFlow's; `xywh`: (tx, ty, tw, th), as Caffe's and PyTorch's. */
  readonly order?: "yxhw" | "xywh";
  /** Graph output `[1, priors, classes]`: class logits. */
  readonly scores: string;
  /** Constant `[priors, 4]`: (ymin, xmin, ymax, xmax) as fractions of the input. */
  readonly priors: string;
  /** Divisors of (ty, tx, th, tw), whatever the order of the output. */
  readonly scales: readonly [number, number, number, number];
  /** What turns logits into scores. */
  readonly activation: "sigmoid" | "softmax";
  /** Class column that means "nothing"; label `i` is the i-th of the other columns. */
  readonly background: number;
  /** How many of each class's best boxes suppression looks at (`top_k`, `candidate_size`); all when left out. */
  readonly candidates?: number;
  /** Default least score. */
  readonly threshold: number;
  /** Default overlap from which boxes suppress one another. */
  readonly iou: number;
  /** Default most detections. */
  readonly maxDetections: number;
}

/** Class scores of the whole photo. */
export interface SoftmaxPostprocessing {
  /** Which decoder. */
  readonly kind: "softmax";
  /** Graph output `[1, classes]`: probabilities, or logits. */
  readonly scores: string;
  /** Whether the output is logits that a softmax turns into probabilities. Default `false`. */
  readonly logits?: boolean;
}

/** One head of a YOLO network. */
export interface YoloHead {
  /** Graph output `[1, h, w, anchors * (5 + classes)]`: for each anchor (tx, ty, tw, th), objectness, classes. */
  readonly output: string;
  /** Width and height of each anchor in pixels of the input. */
  readonly anchors: readonly (readonly [width: number, height: number])[];
  /** Darknet's `scale_x_y`: how far a centre may leave its cell. */
  readonly scaleXY: number;
  /** Whether the network itself ends in sigmoids, and a size is (2t)² anchors: Darknet's `new_coords` (Wang et al. 2021, "Scaled-YOLOv4"). Default `false`. */
  readonly activated?: boolean;
}

/** Raw YOLO heads to boxes (Redmon and Farhadi 2018, "YOLOv3", section 2.1). */
export interface YoloPostprocessing {
  /** Which decoder. */
  readonly kind: "yolo";
  /** Heads, of any stride. */
  readonly heads: readonly YoloHead[];
  /** Default least score: objectness times class probability. */
  readonly threshold: number;
  /** Default overlap from which boxes suppress one another. */
  readonly iou: number;
  /** Default most detections. */
  readonly maxDetections: number;
}

/** Anchor-free heads of YOLOX (Ge et al. 2021, arXiv 2107.08430, section 2.3): one output, the cells of all strides one after the other. */
export interface YoloxPostprocessing {
  /** Which decoder. */
  readonly kind: "yolox";
  /** Graph output `[1, cells, 5 + classes]`: x and y in cells, logarithms of width and height in cells, then probabilities. */
  readonly output: string;
  /** Pixels of a cell at each scale, in the order of the output. */
  readonly strides: readonly number[];
  /** Default least score: objectness times class probability. */
  readonly threshold: number;
  /** Default overlap from which boxes suppress one another. */
  readonly iou: number;
  /** Default most detections. */
  readonly maxDetections: number;
}

/** How raw outputs of a detector become boxes. */
export type DetectorPostprocessing = SsdPostprocessing | YoloPostprocessing | YoloxPostprocessing;

/** How raw outputs become results. */
export type Postprocessing = DetectorPostprocessing | SoftmaxPostprocessing;

/** Everything a model file says about itself beside its graph. */
export interface ModelInfo {
  /** Short name, e.g. `ssdlite-mobilenetv2-coco`. */
  readonly name: string;
  /** SPDX licence of the weights. */
  readonly licence?: string;
  /** Where the weights come from, and the hash of what was fetched. */
  readonly origin?: { readonly source: string; readonly integrity: string };
  /** Classes, in output order without the background; `null` where the network has an output that no class uses. */
  readonly labels?: readonly (Label | null)[];
  /** How a photo becomes the input. */
  readonly preprocessing?: Preprocessing;
  /** How raw outputs become results. */
  readonly postprocessing?: Postprocessing;
}
