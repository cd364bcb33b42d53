/**
 * Standard output for data, standard error for everything else.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Text on one line: what would break it, or command the terminal, as JSON escapes it. */
export function oneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (control) => control === "\n" ? "\\n" : `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Writes data to standard output; ends the program quietly when nobody reads any more (`| head`). */
export function print(text: string): void {
  try {
    for (let rest = encoder.encode(text); rest.length > 0;) rest = rest.subarray(Deno.stdout.writeSync(rest));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw error;
  }
}

/** Writes a line for people to standard error. */
export function note(line: string): void {
  console.error("%s", line);
}

/** Writes what went wrong with something to standard error, in red on a terminal (unless `NO_COLOR` is set). */
export function complain(name: string, reason: string): void {
  console.error("%c%s:%c %s", "color: red", oneLine(name), "", reason);
}
