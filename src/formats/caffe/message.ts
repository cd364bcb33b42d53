/**
 * A message of a `.prototxt`: fields by name, typed when they are asked for.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";

/** Largest whole number of a field: extents, counts, sizes. */
const MAX_INTEGER = 2 ** 28;

/** Fields in the order of the file; a field may be there many times. */
export class Message {
  readonly #fields = new Map<string, (string | Message)[]>();
  /** How errors call it. */
  where = "the network";

  /** Adds a value. */
  add(name: string, value: string | Message): void {
    const values = this.#fields.get(name);
    if (values) values.push(value);
    else this.#fields.set(name, [value]);
  }

  /** Whether a field is there. */
  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** All texts of a field. */
  words(name: string): string[] {
    return (this.#fields.get(name) ?? []).map((value) =>
      typeof value === "string" ? value : this.fail(`${name} is a message`, "a value")
    );
  }

  /** The last text of a field, as in protobuf. */
  word(name: string, fallback = ""): string {
    return this.words(name).at(-1) ?? fallback;
  }

  /** All messages of a field. */
  messages(name: string): Message[] {
    return (this.#fields.get(name) ?? []).map((value) => {
      if (typeof value === "string") this.fail(`${name} is ${JSON.stringify(value)}`, "a message");
      value.where = this.where;
      return value;
    });
  }

  /** The message of a field; an empty one where it is left out. */
  message(name: string): Message {
    const messages = this.messages(name);
    if (messages.length > 0) return messages.at(-1)!;
    const empty = new Message();
    empty.where = this.where;
    return empty;
  }

  /** All numbers of a field. */
  numbers(name: string): number[] {
    return this.words(name).map((word) => {
      const value = Number(word.replace(/(?<=[\d.])[fF]$/, ""));
      return word !== "" && Number.isFinite(value)
        ? value
        : this.fail(`${name} is ${JSON.stringify(word)}`, "a number");
    });
  }

  /** A number. */
  number(name: string, fallback: number): number {
    return this.numbers(name).at(-1) ?? fallback;
  }

  /** All whole numbers of a field, of at least `least`. */
  integers(name: string, least = 0): number[] {
    return this.numbers(name).map((value) =>
      Number.isInteger(value) && value >= least && value <= MAX_INTEGER
        ? value
        : this.fail(`${name} is ${value}`, `a whole number from ${least} to ${MAX_INTEGER}`)
    );
  }

  /** A whole number of at least `least`. */
  integer(name: string, fallback: number, least = 0): number {
    return this.integers(name, least).at(-1) ?? fallback;
  }

  /** A truth value. */
  flag(name: string, fallback: boolean): boolean {
    const word = this.word(name, String(fallback)).toLowerCase();
    if (["true", "t", "1"].includes(word)) return true;
    if (["false", "f", "0"].includes(word)) return false;
    return this.fail(`${name} is ${JSON.stringify(word)}`, "true or false");
  }

  /**
   * Ends the reading.
   *
   * @throws {ModelError} Always: what was found here, and what was wanted.
   */
  fail(found: string, wanted: string): never {
    throw new ModelError(`Cannot read prototxt: in ${this.where}, ${found}, wanted ${wanted}`);
  }
}
