/**
 * Hard swish (Howard et al. 2019, "Searching for MobileNetV3", section 5.2).
 *
 * @module
 */

import { HARD_SWISH } from "../../asm/kernels.ts";
import { type NoAttrs, type UnaryOp, unaryOp } from "./unary.ts";

/** Input: x of any shape. Output: x * relu6(x + 3) / 6. */
export const hardSwish: UnaryOp<NoAttrs> = unaryOp(
  { opcode: HARD_SWISH, kernel: "hard_swish" },
  (x) => x * Math.min(Math.max(x + 3, 0), 6) / 6,
  () => [1 / 6, 1 / 2],
);
