/**
 * Contenders must give the same answer before their times are compared.
 *
 * @module
 */

/** Throws unless two outputs are the same within 1e-4 of the range of the first. */
export function agree(what: string, wanted: Float32Array, found: Float32Array): void {
  const range = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0);
  if (wanted.length !== found.length || !(error <= 1e-4 * range)) {
    throw new Error(`Cannot compare: outputs of ${what} differ by ${error}, their range is ${range}`);
  }
}
