/**
 * The one wasm memory of a session.
 *
 * @module
 */

import { HostError } from "../errors.ts";
import { MAX_PAGES } from "./kernels.ts";

/** Bytes of a page. */
export const PAGE = 65536;
/** Pages that a memory may grow by, for photos: 32 MiB, two rows of four million pixels. */
const SCRATCH_PAGES = 512;

/**
 * Memory of at least `bytes`. A shared one has its maximum from the start, which costs address space: `withSharedMemory` in kernels.ts says why.
 *
 * @throws {HostError} If the host has not so much.
 */
export function allocateMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  try {
    const initial = Math.ceil(bytes / PAGE);
    // The host may set address space aside for the maximum: no more than photos want.
    const maximum = Math.min(initial + SCRATCH_PAGES, MAX_PAGES);
    return new WebAssembly.Memory({ initial: shared ? maximum : initial, maximum, shared });
  } catch (cause) {
    throw new HostError(`Cannot allocate ${bytes} bytes for the program`, { cause });
  }
}
