/**
 * White space and comments in front of text that means something.
 *
 * @module
 */

/** Where text goes on from `at` behind white space, comments that begin with one of `marks` and end with their line, and characters of `more`. */
export function skipBlank(text: string, at: number, marks: string, more = ""): number {
  // A loop, as a pattern would need as much stack as there is white space.
  while (at < text.length) {
    const next = text[at];
    if (marks.includes(next)) {
      const end = text.indexOf("\n", at);
      if (end < 0) return text.length;
      at = end + 1;
    } else if (next.trim() === "" || more.includes(next)) at++;
    else return at;
  }
  return at;
}
