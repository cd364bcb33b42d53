/** The command line as users start it: real processes, real weights. */
import { assert, assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("..", import.meta.url);
const SPEED = /^Speed: [\d.]+ms decode, [\d.]+ms preprocess, [\d.]+ms inference, [\d.]+ms postprocess per image$/;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface StartOptions {
  /** Permission flags; `--allow-read` when left out. */
  readonly allow?: readonly string[];
  readonly stdin?: Uint8Array;
  readonly cwd?: string | URL;
}

/** Runs `detect.ts` to its end. */
async function detect(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const { allow = ["--allow-read"], stdin, cwd = ROOT } = options;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", ...allow, new URL("detect.ts", ROOT).href, ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin) {
    const writer = process.stdin.getWriter();
    await writer.write(stdin);
    await writer.close();
  }
  const { code, stdout, stderr } = await process.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A folder that removes itself. */
async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
