/**
 * What a process takes of the machine's memory.
 *
 * @module
 */

/** Peak resident memory of a process so far in bytes, the kernel's own high-water mark (`VmHWM`, Linux alone); 0 once it has ended. */
export function peakMemory(pid: number): number {
  try {
    const [, kib = "0"] = /VmHWM:\s*(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
    return Number(kib) * 1024;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
