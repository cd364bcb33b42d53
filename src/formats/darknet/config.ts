/**
 * Darknet's `.cfg`: sections of `key=value` lines (AlexeyAB/darknet, src/parser.c: read_cfg).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { skipBlank } from "../blank.ts";

/** Most sections of a file. */
const MAX_SECTIONS = 5000;

/** A section: `[convolutional]` and the lines below it. */
export class Section {
  /** What stands in the brackets. */
  readonly kind: string;
  /** Number among the layers, from 0; -1 for `[net]`. */
  readonly index: number;
  readonly #values = new Map<string, string>();

  /** Starts a section. */
  constructor(kind: string, index: number) {
    this.kind = kind;
    this.index = index;
  }

  /** How errors call it. */
  get where(): string {
    return `[${this.kind}]${this.index < 0 ? "" : `, layer ${this.index}`}`;
  }

  /** Adds a line; the first of a key counts, as upstream. */
  set(key: string, value: string): void {
    if (!this.#values.has(key)) this.#values.set(key, value);
  }

  /** A word. */
  word(key: string, fallback: string): string {
    return this.#values.get(key) ?? fallback;
  }

  /**
   * A number, which may be a fraction.
   *
   * @throws {ModelError} If it is no number.
   */
  number(key: string, fallback: number): number {
    const text = this.#values.get(key);
    if (text === undefined) return fallback;
    const value = Number.parseFloat(text);
    if (!Number.isFinite(value)) this.fail(`${key} is ${JSON.stringify(text)}`, "a number");
    return value;
  }

  /**
   * A whole number of at least `least`.
   *
   * @throws {ModelError} If it is none, or too small or large.
   */
  integer(key: string, fallback: number, least = 0): number {
    const value = this.number(key, fallback);
    if (!Number.isInteger(value) || value < least || value > 2 ** 20) {
      this.fail(`${key} is ${value}`, `a whole number of at least ${least}`);
    }
    return value;
  }

  /**
   * Numbers between commas.
   *
   * @throws {ModelError} If one is no number.
   */
  numbers(key: string): number[] {
    const text = this.#values.get(key) ?? "";
    const words = text.split(",").map((word) => word.trim()).filter((word) => word !== "");
    return words.map((word) => {
      const value = Number.parseFloat(word);
      if (!Number.isFinite(value)) this.fail(`${key} holds ${JSON.stringify(word)}`, "numbers");
      return value;
    });
  }

  /**
   * Ends the reading.
   *
   * @throws {ModelError} Always: what was found here, and what was wanted.
   */
  fail(found: string, wanted: string): never {
    throw new ModelError(`Cannot read darknet cfg: in ${this.where}, ${found}, wanted ${wanted}`);
  }
}

/** Whether text begins like a `.cfg`: comments, then `[net]` or `[network]`. */
export function isDarknet(text: string): boolean {
  return /\[net(?:work)?\]/y.exec(text.slice(skipBlank(text, 0, "#;"))) !== null;
}

/**
 * Takes a `.cfg` apart: `[net]`, then the layers.
 *
 * @throws {ModelError} If a line is no section and no `key=value`.
 */
export function parseConfig(text: string): { net: Section; layers: Section[] } {
  const sections: Section[] = [];
  for (const [number, raw] of text.split("\n").entries()) {
    // Darknet itself takes no notice of spaces anywhere.
    const line = raw.replaceAll(/[ \t\r]/g, "");
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    if (line.startsWith("[")) {
      const kind = /^\[([\w-]+)\]/.exec(line)?.[1];
      if (kind === undefined) throw broken(number, line);
      sections.push(new Section(kind.toLowerCase(), sections.length - 1));
      if (sections.length > MAX_SECTIONS) {
        throw new ModelError(`Cannot read darknet cfg: it has more than ${MAX_SECTIONS} sections`);
      }
      continue;
    }
    const equals = line.indexOf("="), section = sections.at(-1);
    if (equals < 1 || !section) throw broken(number, line);
    section.set(line.slice(0, equals), line.slice(equals + 1).split("#")[0]);
  }
  const [net, ...layers] = sections;
  if (!net || !["net", "network"].includes(net.kind) || layers.length === 0) {
    throw new ModelError("Cannot read darknet cfg: it does not begin with [net] and layers");
  }
  return { net, layers };
}

function broken(number: number, line: string): ModelError {
  return new ModelError(
    `Cannot read darknet cfg: line ${number + 1} is ${
      JSON.stringify(line.slice(0, 80))
    }, wanted a [section] or key=value`,
  );
}
