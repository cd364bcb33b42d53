/**
 * All that models need that are not compiled.
 *
 * @module
 */

export { compile } from "./compiler/program.ts";
export { readModel } from "./detection/read_model.ts";
export { withRgbaInput } from "./graph/rgba_input.ts";
