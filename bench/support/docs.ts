/**
 * Pages that hold what a benchmark found, between marks that name its command.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

/** Puts text between `<!-- deno task bench:NAME -->` and `<!-- /bench:NAME -->` of a page of the repository, formatted as the page is. */
export async function putIntoPage(page: string, name: string, text: string): Promise<void> {
  const path = fromFileUrl(new URL(`../../${page}`, import.meta.url));
  const marks = new RegExp(`(?<=<!-- deno task bench:${name} -->\n)[^]*(?=<!-- /bench:${name} -->)`);
  const before = await Deno.readTextFile(path);
  if (!marks.test(before)) {
    throw new Error(
      `Cannot save: ${page} has no <!-- deno task bench:${name} --> or no <!-- /bench:${name} -->`,
    );
  }
  await Deno.writeTextFile(path, before.replace(marks, () => `\n${text}\n\n`));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] }).output();
}
