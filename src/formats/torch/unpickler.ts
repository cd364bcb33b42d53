/**
 * A pickle machine that executes nothing (CPython, Lib/pickletools.py has the opcodes, protocols 0 to 4): what a pickle may name is the caller's list, and
 * calling it is a function of ours that makes plain data.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { Cursor } from "./cursor.ts";

/** Longest integer; the magic number of legacy files has 10 bytes. */
const MAX_INTEGER_BYTES = 16;

/** Longest pickle. It names tensors and tells their shapes, their values lie elsewhere: some hundred bytes for each. */
const MAX_PICKLE_BYTES = 2 ** 22;

/** Dictionaries of any kind. */
export type Dict = Map<unknown, unknown>;

/** Something that a pickle names: a class or function of the allow-list. */
export interface Callable {
  /** `module.name`. */
  readonly name: string;
  /** What calling it makes. Throws an `Error` with the reason where the arguments are wrong. */
  readonly call: (args: readonly unknown[]) => unknown;
}

/** An object that is none of our concern. */
export class Opaque {}

/** What the machine asks its caller. */
export interface PickleHost {
  /** What a global is, or `undefined` where it is not allowed. */
  readonly find: (module: string, name: string) => Callable | undefined;
  /** The object that a persistent id stands for. Throws an `Error` with the reason where it stands for none. */
  readonly load: (id: unknown) => unknown;
}

const MARK = Symbol("mark");

function hexadecimal(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Reads one pickle after another off a buffer. */
export class Unpickler {
  readonly #cursor: Cursor;
  readonly #host: PickleHost;
  readonly #where: string;
  #stack: unknown[] = [];
  #memo = new Map<number, unknown>();
  /** How many items calls may still copy: a pickle that calls often with one long list would take far more memory than it has bytes. */
  #copies: number;

  /** Reads from byte `at` on; `where` is what errors call the bytes. */
  constructor(bytes: Uint8Array, host: PickleHost, where: string, at = 0) {
    this.#cursor = new Cursor(bytes, at);
    this.#host = host;
    this.#where = where;
    this.#copies = Math.min(bytes.length, MAX_PICKLE_BYTES);
  }

  /** First byte behind the last pickle. */
  get position(): number {
    return this.#cursor.at;
  }

  /**
   * The next pickle's object: plain data, and what the host's functions made.
   *
   * @throws {ModelError} If the pickle is broken, or names what is not allowed.
   */
  load(): unknown {
    this.#stack = [];
    this.#memo = new Map();
    const begin = this.#cursor.at;
    for (;;) {
      const at = this.#cursor.at;
      let opcode = "none";
      try {
        if (at - begin > MAX_PICKLE_BYTES) {
          throw new Error(`the pickle is longer than ${MAX_PICKLE_BYTES} bytes`);
        }
        const code = this.#cursor.u8();
        opcode = `0x${hexadecimal(code)}`;
        if (code === 0x2e) return this.#pop();
        this.#step(code);
      } catch (cause) {
        if (cause instanceof ModelError) throw cause;
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ModelError(
          `Cannot read PyTorch file: byte ${at} of ${this.#where}, opcode ${opcode}: ${reason}`,
          "bad_model",
          { cause },
        );
      }
    }
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new Error("the stack is empty");
    const value = this.#stack.pop();
    if (value === MARK) throw new Error("a mark lies on the stack, wanted a value");
    return value;
  }

  #top(): unknown {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw new Error("no value lies on the stack");
    return value;
  }

  #popToMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw new Error("no mark lies on the stack");
    const items = this.#stack.splice(mark);
    items.shift();
    return items;
  }

  #list(value: unknown): unknown[] {
    if (!Array.isArray(value)) throw new Error("it wants a list below its items");
    return value;
  }

  #set(target: unknown, items: readonly unknown[]): void {
    if (target instanceof Opaque) return;
    if (!(target instanceof Map)) throw new Error("it wants a dictionary below its items");
    if (items.length % 2 !== 0) throw new Error(`it has ${items.length} keys and values, wanted pairs`);
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  #global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") throw new Error("a global has no name");
    const found = this.#host.find(module, name);
    if (!found) throw refusal(module, name);
    this.#push(found);
  }

  #call(target: unknown, args: unknown): unknown {
    if (!Array.isArray(args)) throw new Error("arguments are no tuple");
    if (target instanceof Opaque || typeof target !== "object" || target === null || !("call" in target)) {
      throw new Error("it calls what is no function");
    }
    const { name, call } = target as Callable;
    for (const arg of args) this.#copies -= Array.isArray(arg) ? arg.length : 0;
    if (this.#copies < 0) throw new Error(`arguments of ${name} hold more items than the pickle has bytes`);
    try {
      return call(args);
    } catch (cause) {
      throw new Error(`cannot call ${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }

  #get(index: number): void {
    if (!this.#memo.has(index)) throw new Error(`nothing is remembered as ${index}`);
    this.#push(this.#memo.get(index));
  }

  #put(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #long(count: number): void {
    if (count < 0 || count > MAX_INTEGER_BYTES) {
      throw new Error(`an integer has ${count} bytes, wanted at most ${MAX_INTEGER_BYTES}`);
    }
    this.#push(this.#cursor.integer(count));
  }

  #step(code: number): void {
    const cursor = this.#cursor;
    switch (code) {
      case 0x80: { // PROTO
        const version = cursor.u8();
        if (version > 5) throw new Error(`the pickle is of protocol ${version}, wanted at most 5`);
        return;
      }
      case 0x95: // FRAME
        cursor.skip(8);
        return;
      case 0x28: // MARK
        return this.#push(MARK);
      case 0x30: // POP
        if (this.#stack.length === 0) throw new Error("the stack is empty");
        this.#stack.pop();
        return;
      case 0x31: // POP_MARK
        this.#popToMark();
        return;
      case 0x32: // DUP
        return this.#push(this.#top());

      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x49: { // INT
        const line = cursor.line();
        return this.#push(line === "00" ? false : line === "01" ? true : decimal(line));
      }
      case 0x4c: // LONG
        return this.#push(decimal(cursor.line().replace(/L$/, "")));
      case 0x4a: // BININT
        return this.#push(cursor.i32());
      case 0x4b: // BININT1
        return this.#push(cursor.u8());
      case 0x4d: // BININT2
        return this.#push(cursor.u16());
      case 0x8a: // LONG1
        return this.#long(cursor.u8());
      case 0x8b: // LONG4
        return this.#long(cursor.i32());
      case 0x46: // FLOAT
        return this.#push(Number.parseFloat(cursor.line()));
      case 0x47: // BINFLOAT
        return this.#push(cursor.f64());

      case 0x53: // STRING
        return this.#push(cursor.line().replace(/^(['"])(.*)\1$/, "$2"));
      case 0x56: // UNICODE
        return this.#push(cursor.line());
      case 0x54: // BINSTRING
      case 0x58: // BINUNICODE
        return this.#push(cursor.text(cursor.u32()));
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(cursor.text(cursor.u8()));
      case 0x8d: // BINUNICODE8
        return this.#push(cursor.text(cursor.u64()));
      case 0x42: // BINBYTES
        return this.#push(cursor.take(cursor.u32()));
      case 0x43: // SHORT_BINBYTES
        return this.#push(cursor.take(cursor.u8()));
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#push(cursor.take(cursor.u64()));

      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return this.#push([]);
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return this.#push(this.#popToMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: { // TUPLE3
        const items = [this.#pop()];
        for (let more = code - 0x85; more > 0; more--) items.unshift(this.#pop());
        return this.#push(items);
      }
      case 0x61: { // APPEND
        const item = this.#pop();
        this.#list(this.#top()).push(item);
        return;
      }
      case 0x65: { // APPENDS
        const items = this.#popToMark(), list = this.#list(this.#top());
        for (const item of items) list.push(item);
        return;
      }
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x64: { // DICT
        const items = this.#popToMark(), dict = new Map();
        this.#set(dict, items);
        return this.#push(dict);
      }
      case 0x73: { // SETITEM
        const value = this.#pop(), key = this.#pop();
        return this.#set(this.#top(), [key, value]);
      }
      case 0x75: { // SETITEMS
        const items = this.#popToMark();
        return this.#set(this.#top(), items);
      }
      case 0x8f: // EMPTY_SET
        return this.#push(new Opaque());
      case 0x90: // ADDITEMS
        this.#popToMark();
        return;
      case 0x91: // FROZENSET
        this.#popToMark();
        return this.#push(new Opaque());

      case 0x67: // GET
        return this.#get(Number(decimal(cursor.line())));
      case 0x68: // BINGET
        return this.#get(cursor.u8());
      case 0x6a: // LONG_BINGET
        return this.#get(cursor.u32());
      case 0x70: // PUT
        return this.#put(Number(decimal(cursor.line())));
      case 0x71: // BINPUT
        return this.#put(cursor.u8());
      case 0x72: // LONG_BINPUT
        return this.#put(cursor.u32());
      case 0x94: // MEMOIZE
        return this.#put(this.#memo.size);

      case 0x63: // GLOBAL
        return this.#global(cursor.line(), cursor.line());
      case 0x93: { // STACK_GLOBAL
        const name = this.#pop(), module = this.#pop();
        return this.#global(module, name);
      }
      case 0x52: // REDUCE
      case 0x81: { // NEWOBJ
        const args = this.#pop(), target = this.#pop();
        return this.#push(this.#call(target, args));
      }
      case 0x62: { // BUILD
        // Attributes of an object; those of dictionaries (`_metadata`) and of opaque objects tell us nothing.
        this.#pop();
        const target = this.#top();
        if (!(target instanceof Map || target instanceof Opaque)) {
          throw new Error("it sets attributes of what has none");
        }
        return;
      }
      case 0x50: // PERSID
        return this.#push(this.#host.load(cursor.line()));
      case 0x51: // BINPERSID
        return this.#push(this.#host.load(this.#pop()));
      default:
        throw new Error("the opcode is not allowed in a state dict");
    }
  }
}

function decimal(line: string): number | bigint {
  if (!/^-?\d{1,19}$/.test(line)) throw new Error(`${JSON.stringify(line.slice(0, 40))} is no integer`);
  const value = Number(line);
  return Number.isSafeInteger(value) ? value : BigInt(line);
}

/** The error for a global outside of the allow-list. */
function refusal(module: string, name: string): ModelError {
  const global = JSON.stringify(`${module}.${name}`.slice(0, 200));
  const advice = module.startsWith("__torch__")
    ? "it is a TorchScript archive: save the state_dict() of the module, or export it to ONNX"
    : module === "torch._utils" && name.startsWith("_rebuild_")
    ? "tensors of this kind (sparse, quantised, of 8-bit floats) are not read: save dense ones of f32 or f16"
    : "a state dict needs none of it: save model.state_dict(), not the whole model or its arguments";
  return new ModelError(
    `Cannot read PyTorch file: it names the global ${global}, which is not allowed; ${advice}`,
  );
}
