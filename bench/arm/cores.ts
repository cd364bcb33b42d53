/**
 * The cores that Simdet is for, and how many cycles straight code takes on them.
 *
 * @module
 */

import { HostError } from "../../src/errors.ts";
import { inOrderCycles } from "./in_order.ts";
import { type Instruction, targetOf, type Unit, unitOf } from "./instruction.ts";

/** A core. */
export interface Core {
  readonly name: string;
  /** Where it is found. */
  readonly device: string;
  /** Most f32 multiply-adds a cycle. */
  readonly peak: number;
  /** Cycles of one iteration of a loop in steady state. */
  cycles(body: readonly Instruction[], mca: Mca): Promise<number>;
}

/** Runs llvm-mca: cycles of one iteration. */
export type Mca = (body: readonly Instruction[], flags: readonly string[]) => Promise<number>;

/** Iterations that fill the core's queues, and those that are counted behind them. */
const FILL = 200, ITERATIONS = 1000;

/** Instructions as the assembler takes them: branches go somewhere near. */
function assembly(body: readonly Instruction[]): string {
  return body.map((instruction) => {
    const { mnemonic, operands } = instruction;
    const near = targetOf(instruction) === undefined ? operands : operands.replace(/0x[0-9a-f]+$/, "#16");
    return `${mnemonic} ${near}\n`;
  }).join("");
}

/** llvm-mca at `path`. */
export function mcaAt(path: string): Mca {
  const total = async (iterations: number, body: readonly Instruction[], flags: readonly string[]) => {
    const child = new Deno.Command(path, {
      args: [
        "-mtriple=aarch64",
        `-iterations=${iterations}`,
        "-instruction-info=0",
        "-resource-pressure=0",
        ...flags,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(assembly(body)));
    await writer.close();
    const { stdout, stderr } = await child.output();
    const [, cycles] = /Total Cycles:\s+(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
    if (cycles === undefined) {
      throw new HostError(`Cannot model code: ${path}: ${new TextDecoder().decode(stderr)}`);
    }
    return Number(cycles);
  };
  return async (body, flags) =>
    (await total(FILL + ITERATIONS, body, flags) - await total(FILL, body, flags)) / ITERATIONS;
}

function count(body: readonly Instruction[], ...units: Unit[]): number {
  return body.filter((instruction) => units.includes(unitOf(instruction))).length;
}

/** Cycles of the two 64-bit halves of the vector unit of A57 and A72: f32 arithmetic on a whole vector takes both, anything else one. */
function halves(body: readonly Instruction[]): number {
  return count(body, "fma", "fp") + count(body, "vector", "splat") / 2;
}

/** The four cores, slowest first. */
export const CORES: readonly Core[] = [
  { name: "A53", device: "Raspberry Pi 3", peak: 4, cycles: (body) => Promise.resolve(inOrderCycles(body)) },
  {
    name: "A57",
    device: "Jetson TX2, Nano",
    peak: 4,
    // Three micro-operations a cycle; f32 arithmetic on a whole vector is two.
    cycles: async (body, mca) =>
      Math.max(
        await mca(body, ["-mcpu=cortex-a57"]),
        (body.length + count(body, "splat", "fma", "fp")) / 3,
        halves(body),
      ),
  },
  {
    name: "A72",
    device: "Raspberry Pi 4",
    peak: 4,
    // LLVM takes it for an A57; it decodes three instructions a cycle and hands out five micro-operations.
    cycles: async (body, mca) =>
      Math.max(await mca(body, ["-mcpu=cortex-a72", "-dispatch=5"]), body.length / 3, halves(body)),
  },
  {
    name: "A76",
    device: "Raspberry Pi 5",
    peak: 8,
    // LLVM has its server sibling, without the limit of four instructions a cycle.
    cycles: async (body, mca) => Math.max(await mca(body, ["-mcpu=neoverse-n1"]), body.length / 4),
  },
];
