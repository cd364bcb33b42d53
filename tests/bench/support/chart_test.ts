import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { drawBars } from "../../../bench/support/chart.ts";

const chart = drawBars({
  title: "Times in <ms> & more",
  subtitle: '"quoted"',
  series: ["1 thread", "2 threads"],
  rows: [{ name: "small", values: [2, 1] }, { name: "a<b&c", values: [100, 50] }],
});

/** Texts of a well-formed file; throws where a tag is not closed or a character not escaped. */
function textsOf(xml: string): string[] {
  const open: string[] = [], texts: string[] = [];
  const tags = /<(\/?)(\w+)((?:\s[\w:-]+="[^"<]*")*)(\/?)>/y;
  for (let at = 0; at < xml.length;) {
    tags.lastIndex = at;
    const tag = tags.exec(xml);
    if (tag) {
      const [, closing, name, , empty] = tag;
      if (closing) assertEquals(open.pop(), name);
      else if (!empty) open.push(name);
      at = tags.lastIndex;
    } else {
      const [text] = /^(?:[^<&]|&#\d+;)+/.exec(xml.slice(at))!;
      if (open.at(-1) === "text") {
        texts.push(text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))));
      }
      at += text.length;
    }
  }
  assertEquals(open, []);
  return texts;
}

Deno.test("drawBars() gives well-formed SVG, whatever the texts", () => {
  const texts = textsOf(chart);
  for (const text of ["Times in <ms> & more", '"quoted"', "a<b&c", "1 thread", "2 threads"]) {
    assertEquals(texts.filter((found) => found === text), [text]);
  }
});

Deno.test("drawBars() asks for nothing from elsewhere, and has colours for dark pages", () => {
  assertEquals(chart.match(/<script|href|url\(|@import|@font-face/), null);
  assertEquals(chart.match(/https?:[^"]*/g), ["http://www.w3.org/2000/svg"]);
  assertStringIncludes(chart, "prefers-color-scheme:dark");
});

Deno.test("drawBars() draws lengths by the logarithm, from the power of ten below the least value", () => {
  const bars = [...chart.matchAll(/<rect x="222\.0" y="[\d.]+" width="([\d.]+)" height="9"/g)]
    .map(([, width]) => Number(width)).filter((width) => width !== 10);
  // From 0.1 to 100: three decades.
  const decade = 520 / 3;
  [1 + Math.log10(2), 1, 3, 2 + Math.log10(5)].forEach((length, i) =>
    assertAlmostEquals(bars[i], length * decade, 0.06)
  );
  assertEquals(bars.length, 4);
});
