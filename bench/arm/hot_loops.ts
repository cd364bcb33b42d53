/**
 * The loops where inference spends its time, and what one iteration of each does.
 *
 * @module
 */

import type { Unit } from "./instruction.ts";

/** A loop in the kernels for aarch64. */
export interface HotLoop {
  /** What it does. */
  readonly name: string;
  /** Function in `asm/`: `file/function`. */
  readonly function: string;
  /** How many loops lie inside the one meant, around the innermost with the most arithmetic. */
  readonly levels?: number;
  /** At most how often each loop inside it jumps back, in order; 0 for those that the way meant does not enter. */
  readonly jumps?: readonly number[];
  /** A unit and how many instructions one iteration has for it: what tells the way through the code that is meant. */
  readonly has: readonly [Unit, number];
  /** f32 multiply-adds that count, 0 for what has none. */
  readonly macs: number;
  /** What one iteration makes. */
  readonly unit: string;
}

/** The loops. */
export const HOT_LOOPS: readonly HotLoop[] = [
  {
    name: "GEMM tile 4x16",
    function: "panel/rows4",
    has: ["fma", 64],
    macs: 256,
    unit: "4 rows, 16 columns, 4 k",
  },
  {
    name: "GEMM tile 2x16",
    function: "panel/rows2",
    has: ["fma", 32],
    macs: 128,
    unit: "2 rows, 16 columns, 4 k",
  },
  {
    name: "GEMM tile 1x16",
    function: "panel/rows1",
    has: ["fma", 16],
    macs: 64,
    unit: "1 row, 16 columns, 4 k",
  },
  {
    name: "GEMM tile 4x8",
    function: "panel/halfRows4",
    has: ["fma", 32],
    macs: 128,
    unit: "4 rows, 8 columns, 4 k",
  },
  {
    name: "implicit GEMM 8x4",
    function: "implicit_gemm/narrow8",
    has: ["fma", 32],
    macs: 128,
    unit: "8 pixels, 4 columns, 4 k",
  },
  {
    name: "depthwise 3x3, stride 1",
    function: "depthwise_stride1/threeRows",
    has: ["fma", 81],
    macs: 324,
    unit: "3x3 pixels, 4 channels",
  },
  {
    name: "depthwise 3x3, stride 2",
    function: "depthwise_stride2/threeRows",
    has: ["fma", 27],
    macs: 108,
    unit: "3x1 pixels, 4 channels",
  },
  {
    name: "depthwise 5x5, stride 1",
    function: "depthwise_5x5/stride1Rows",
    has: ["fma", 50],
    macs: 200,
    unit: "2x1 pixels, 4 channels",
  },
  {
    name: "depthwise 5x5, stride 2",
    function: "depthwise_5x5/stride2Rows",
    has: ["fma", 50],
    macs: 200,
    unit: "2x1 pixels, 4 channels",
  },
  {
    name: "sums of A by halves",
    function: "strassen/addQuarters",
    has: ["fp", 8],
    macs: 0,
    unit: "1 row of 4 quarters, 8 k",
  },
  {
    name: "sums of weights by halves",
    function: "strassen/subtractPanels",
    has: ["fp", 8],
    macs: 0,
    unit: "8 weights of 4 quarters",
  },
  {
    name: "Winograd F(4x4) input",
    function: "winograd_4x4/inputTile4",
    has: ["fma", 72],
    macs: 0,
    unit: "1 tile, 4 channels",
  },
  {
    name: "Winograd F(4x4) output",
    function: "winograd_4x4/outputTile4",
    has: ["fma", 40],
    macs: 0,
    unit: "1 tile, 4 channels",
  },
  {
    name: "Winograd F(2x2) input",
    function: "winograd_2x2/inputTile2",
    has: ["fp", 32],
    macs: 0,
    unit: "1 tile, 4 channels",
  },
  {
    name: "Winograd F(2x2) output",
    function: "winograd_2x2/outputTile2",
    has: ["fp", 36],
    macs: 0,
    unit: "1 tile, 4 channels",
  },
  {
    name: "pool 3x3",
    function: "pool/pool",
    levels: 2,
    jumps: [2, 2, 0, 0],
    has: ["load", 36],
    macs: 0,
    unit: "1 pixel, 16 channels",
  },
];
