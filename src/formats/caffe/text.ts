/**
 * Protobuf's text format, as Caffe's `.prototxt` files are written (protobuf.dev, "Text Format Language Specification").
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { skipBlank } from "../blank.ts";
import { Message } from "./message.ts";

/** Deepest nesting of messages. */
const MAX_DEPTH = 32;

/** Longest text: a layer takes some hundred bytes. */
const MAX_TEXT = 2 ** 24;

/** Longest string. */
const MAX_STRING = 2 ** 16;

/** A name, number, string or sign. */
const TOKEN = new RegExp(
  `([A-Za-z_][\\w.]*)|([-+]?\\.?\\d[\\d.]*(?:[eE][-+]?\\d+)?\\w*)|` +
    `("(?:[^"\\\\\\n]|\\\\.){0,${MAX_STRING}}"|'(?:[^'\\\\\\n]|\\\\.){0,${MAX_STRING}}')|([:{}<>[\\]])|(\\S)`,
  "y",
);

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** What a token is. */
interface Token {
  readonly kind: "word" | "number" | "text" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

/** Takes tokens off a text. */
class Lexer {
  readonly #text: string;
  #at = 0;
  #next: Token;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  peek(): Token {
    return this.#next;
  }

  take(): Token {
    const token = this.#next;
    this.#next = this.#read();
    return token;
  }

  /** Takes a sign if it is next. */
  skip(sign: string): boolean {
    const { kind, text } = this.#next;
    if (kind !== "sign" || text !== sign) return false;
    this.take();
    return true;
  }

  fail({ text, kind, at }: Token, wanted: string): never {
    const line = this.#text.slice(0, at).split("\n").length;
    const found = kind === "end" ? "the end" : JSON.stringify(text.slice(0, 40));
    throw new ModelError(`Cannot read prototxt: line ${line} has ${found}, wanted ${wanted}`);
  }

  #read(): Token {
    const at = this.#at = skipBlank(this.#text, this.#at, "#", ",;");
    if (at === this.#text.length) return { kind: "end", text: "", at };
    TOKEN.lastIndex = at;
    const [whole, word, number, text, sign] = TOKEN.exec(this.#text)!;
    this.#at += whole.length;
    if (text !== undefined) {
      const inside = text.slice(1, -1).replace(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? c);
      return { kind: "text", text: inside, at };
    }
    if (word !== undefined) return { kind: "word", text: word, at };
    if (number !== undefined) return { kind: "number", text: number, at };
    if (sign !== undefined) return { kind: "sign", text: sign, at };
    return this.fail({ kind: "sign", text: whole, at }, "a field");
  }
}

function readValue(lexer: Lexer, message: Message, name: string, depth: number): void {
  const token = lexer.peek();
  if (token.kind === "sign" && (token.text === "{" || token.text === "<")) {
    if (depth >= MAX_DEPTH) lexer.fail(token, `at most ${MAX_DEPTH} messages inside one another`);
    lexer.take();
    const inner = new Message();
    readFields(lexer, inner, token.text === "{" ? "}" : ">", depth + 1);
    message.add(name, inner);
    return;
  }
  if (token.kind === "sign" || token.kind === "end") lexer.fail(token, `a value of ${name}`);
  let { text } = lexer.take();
  // Strings side by side are one.
  while (token.kind === "text" && lexer.peek().kind === "text") text += lexer.take().text;
  message.add(name, text);
}

function readFields(lexer: Lexer, message: Message, end: string | undefined, depth: number): void {
  for (;;) {
    if (end !== undefined && lexer.skip(end)) return;
    const token = lexer.take();
    if (token.kind === "end" && end === undefined) return;
    if (token.kind !== "word") lexer.fail(token, end === undefined ? "a field" : `a field or ${end}`);
    const colon = lexer.skip(":"), next = lexer.peek();
    if (!colon && !(next.kind === "sign" && (next.text === "{" || next.text === "<"))) {
      lexer.fail(next, `":" or "{" behind ${token.text}`);
    }
    if (!lexer.skip("[")) readValue(lexer, message, token.text, depth);
    else while (!lexer.skip("]")) readValue(lexer, message, token.text, depth);
  }
}

/** Whether text looks like a `.prototxt` of a network. */
export function isPrototxt(text: string): boolean {
  const first =
    /(?:name|input|input_dim|force_backward)\s{0,64}:|(?:layers?|input_shape)\s{0,64}:?\s{0,64}\{/y;
  first.lastIndex = skipBlank(text, 0, "#");
  return first.test(text);
}

/**
 * Takes a text apart.
 *
 * @throws {ModelError} If it is broken; the line is named.
 */
export function parsePrototxt(text: string): Message {
  if (text.length > MAX_TEXT) {
    throw new ModelError(
      `Cannot read prototxt: it has ${text.length} characters, wanted at most ${MAX_TEXT}`,
    );
  }
  const message = new Message();
  readFields(new Lexer(text), message, undefined, 0);
  return message;
}
