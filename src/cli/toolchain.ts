/**
 * Has the toolchain come when a model is opened that is not compiled.
 *
 * @module
 */

import { provideToolchain } from "../runtime/toolchain.ts";

provideToolchain(() => import("../full_toolchain.ts"));
