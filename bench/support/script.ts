/**
 * Scripts in processes of their own.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

/** What a script's process took and printed. */
export interface Ran {
  /** Milliseconds from start to exit. */
  readonly wall: number;
  readonly stdout: string;
}

/** How to run a script. */
export interface RunOptions {
  /** Variables on top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called every few milliseconds with the process's number while it runs. */
  readonly watch?: (pid: number) => void;
}

const WATCH_MS = 4;

/**
 * Runs `deno run --allow-read` in the clone to its end.
 *
 * @throws {Error} If the script fails.
 */
export async function runScript(args: readonly string[], { env, watch }: RunOptions = {}): Promise<Ran> {
  const begin = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", ...args],
    cwd: fromFileUrl(new URL("../..", import.meta.url)),
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = watch && setInterval(watch, WATCH_MS, child.pid);
  const { success, stdout, stderr } = await child.output();
  const wall = performance.now() - begin;
  clearInterval(timer);
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot measure: deno run ${args.join(" ")} failed: ${text.decode(stderr)}`);
  return { wall, stdout: text.decode(stdout) };
}
