/**
 * The one wasm memory of a session.
 *
 * @module
 */

import { HostError, ModelError } from "../errors.ts";
import { MAX_PAGES } from "./kernels.ts";

/** Bytes of a page. */
export const PAGE = 65536;
/** Pages that a memory may grow by, for photos: 32 MiB, two rows of four million pixels. */
const SCRATCH_PAGES = 512;

/** Most memory that a program gets unasked, in MiB. A model file of some kilobytes may declare tensors of gigabytes; no network of the zoo needs so much up to 1024x1024. */
export const MAX_MEMORY = 1024;

/** Which memory to allocate. */
export interface MemoryOptions {
  /** Whether threads share it. Default `false`. */
  readonly shared?: boolean;
  /** Most MiB. Default {@linkcode MAX_MEMORY}. */
  readonly maxMemory?: number;
}

/**
 * Memory of at least `bytes`. A shared one has its maximum from the start, which costs address space: `withSharedMemory` in kernels.ts says why.
 *
 * @throws {ModelError} If that is more than it may be.
 * @throws {HostError} If the host has not so much.
 */
export function allocateMemory(
  bytes: number,
  { shared = false, maxMemory = MAX_MEMORY }: MemoryOptions = {},
): WebAssembly.Memory {
  if (!(bytes <= maxMemory * 2 ** 20)) {
    throw new ModelError(
      `Cannot run model: it needs ${
        Math.ceil(bytes / 2 ** 20)
      } MiB of memory, the limit is ${maxMemory}; the option maxMemory (--max-memory) raises it`,
    );
  }
  try {
    const initial = Math.ceil(bytes / PAGE);
    // The host may set address space aside for the maximum: no more than photos want.
    const maximum = Math.min(initial + SCRATCH_PAGES, MAX_PAGES);
    return new WebAssembly.Memory({ initial: shared ? maximum : initial, maximum, shared });
  } catch (cause) {
    throw new HostError(`Cannot allocate ${bytes} bytes for the program`, { cause });
  }
}
