/**
 * Bar charts as SVG files that need nothing else: no script, no font, no network; they read well on light and on dark pages.
 *
 * @module
 */

/** Bars in groups, one bar of each series in each group. */
export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  /** What the bars of a group stand for, in order. */
  readonly series: readonly string[];
  /** Groups from top to bottom; values above 0. */
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const LABELS = 210, PLOT = 520, NUMBERS = 60, MARGIN = 12, TOP = 84, BAR = 10, GAP = 8;
const WIDTH = MARGIN + LABELS + PLOT + NUMBERS + MARGIN, LEFT = MARGIN + LABELS;

const STYLE = `text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}` +
  `.small{font-size:10px}.grid{stroke:#808080;stroke-opacity:.35}rect{fill:#2f74d0}` +
  `@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#5c9dff}}`;

/** Text for between tags and inside quotes. */
function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Draws a chart with a logarithmic axis from the power of ten below the least value to the one above the greatest, since networks differ a
 * hundredfold. Gives the SVG file's text.
 */
export function drawBars({ title, subtitle, series, rows }: BarChart): string {
  const values = rows.flatMap((row) => row.values);
  const low = Math.ceil(Math.log10(Math.min(...values))) - 1;
  const high = Math.ceil(Math.log10(Math.max(...values)));
  const lengthOf = (value: number) => (Math.log10(value) - low) / (high - low) * PLOT;
  const fixed = (value: number) => value.toFixed(1);
  const group = series.length * BAR + GAP, height = TOP + rows.length * group + MARGIN;
  const opacity = series.map((_, i) => (1 - 0.65 * i / Math.max(1, series.length - 1)).toFixed(2));

  const text = (x: number, y: number, content: string, attributes = "") =>
    `<text x="${fixed(x)}" y="${fixed(y)}"${attributes}>${escape(content)}</text>`;
  const rect = (x: number, y: number, width: number, i: number) =>
    `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${BAR - 1}" fill-opacity="${
      opacity[i]
    }"/>`;

  const legend = series.flatMap((name, i) => [
    rect(LEFT + i * 90, 50, 10, i),
    text(LEFT + i * 90 + 15, 59, name),
  ]);
  const ticks = Array.from({ length: high - low }, (_, i) => [1, 2, 5].map((n) => n * 10 ** (low + i)))
    .flat();
  const axis = [...ticks, 10 ** high].map((value) => {
    const x = LEFT + lengthOf(value);
    return `<line class="grid" x1="${fixed(x)}" x2="${fixed(x)}" y1="${TOP}" y2="${height - MARGIN}"/>` +
      text(x, TOP - 5, String(Number(value.toPrecision(1))), ` class="small" text-anchor="middle"`);
  });
  const bars = rows.flatMap(({ name, values }, r) => {
    const top = TOP + GAP / 2 + r * group, middle = top + series.length * BAR / 2 + 4;
    return [
      text(LEFT - 6, middle, name, ` text-anchor="end"`),
      ...values.flatMap((value, i) => [
        rect(LEFT, top + i * BAR, lengthOf(value), i),
        text(LEFT + lengthOf(value) + 4, top + i * BAR + 8, fixed(value), ` class="small"`),
      ]),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(`${title}: ${subtitle}`)}</title>`,
    `<style>${STYLE}</style>`,
    text(MARGIN, 20, title, ` class="title"`),
    text(MARGIN, 38, subtitle),
    ...legend,
    ...axis,
    ...bars,
    "</svg>",
    "",
  ].join("\n");
}
