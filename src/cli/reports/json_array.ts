/**
 * One JSON array written element by element, valid however many come.
 *
 * @module
 */

/** Writes `[`, one element a line, `]`. */
export class JsonArray {
  #empty = true;

  /** Text before the first element. */
  begin(): string {
    return "[";
  }

  /** Text of the next elements. */
  add(elements: readonly unknown[]): string {
    return elements.map((element) => {
      const separator = this.#empty ? "\n" : ",\n";
      this.#empty = false;
      return separator + JSON.stringify(element);
    }).join("");
  }

  /** Text after the last element. */
  end(): string {
    return this.#empty ? "]\n" : "\n]\n";
  }
}
