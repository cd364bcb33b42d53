/**
 * A64 instructions as text, and what a model of a core wants to know of them.
 *
 * @module
 */

/** One instruction, as objdump writes it. */
export interface Instruction {
  readonly address: number;
  readonly mnemonic: string;
  readonly operands: string;
}

/**
 * What executes it: `fma` fused multiply-adds, `fp` other arithmetic on floats, `vector` everything else on vectors, loads and stores of whole vectors
 * (`load`, `store`), of one element to all lanes (`splat`) and of anything else, branches, and `integer` for the rest.
 */
export type Unit =
  | "fma"
  | "fp"
  | "vector"
  | "load"
  | "splat"
  | "load-word"
  | "store"
  | "store-word"
  | "branch"
  | "integer";

const BRANCH = /^(b|b\..+|cbn?z|tbn?z)$/;
const FLOAT = /^f(add|sub|mul|div|sqrt|max|min|maxnm|minnm|abs|neg|cm..)$/;

/** The unit of an instruction. */
export function unitOf({ mnemonic, operands }: Instruction): Unit {
  if (BRANCH.test(mnemonic)) return "branch";
  if (mnemonic === "ld1r") return "splat";
  const whole = /^q\d/.test(operands);
  if (mnemonic.startsWith("ld")) return whole ? "load" : "load-word";
  if (mnemonic.startsWith("st")) return whole ? "store" : "store-word";
  if (/^fml[as]$/.test(mnemonic)) return "fma";
  if (!/\bv\d+\./.test(operands)) return "integer";
  return FLOAT.test(mnemonic) ? "fp" : "vector";
}

/** Whether it moves a value between a register and the stack. */
export function isSpill(instruction: Instruction): boolean {
  return /^(ld|st)[ru]*p?$/.test(instruction.mnemonic) && /\[(sp|x29)\b/.test(instruction.operands);
}

/** Where a branch goes; `undefined` for what is no direct branch. */
export function targetOf({ mnemonic, operands }: Instruction): number | undefined {
  const [, target] = BRANCH.test(mnemonic) ? /0x([0-9a-f]+)$/.exec(operands) ?? [] : [];
  return target === undefined ? undefined : parseInt(target, 16);
}

/** Whether execution never goes on behind it. */
export function isUnconditional({ mnemonic }: Instruction): boolean {
  return mnemonic === "b" || mnemonic === "ret" || mnemonic === "br";
}

/** Reads what `objdump -d --no-show-raw-insn` prints. */
export function parseDisassembly(text: string): Instruction[] {
  return text.split("\n").flatMap((line) => {
    const [, address, mnemonic, operands] =
      /^\s*([0-9a-f]+):\s+(\S+)\s*(.*?)(?:\s*(?:\/\/|<).*)?$/.exec(line) ?? [];
    return address === undefined
      ? []
      : [{ address: parseInt(address, 16), mnemonic, operands: operands.trim() }];
  });
}
