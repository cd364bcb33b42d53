/**
 * Draws what was found: a frame and a label for each object.
 *
 * @module
 */

import font from "oled-font-5x7";
import type { Detection } from "../detection/types.ts";
import { rgba } from "./encode.ts";
import type { RawImage } from "./image.ts";

/** Red, green, blue; neighbouring classes differ, white or black text can be read on each. */
const PALETTE: readonly (readonly [number, number, number])[] = [
  [230, 57, 70],
  [29, 120, 216],
  [42, 157, 83],
  [244, 140, 6],
  [123, 44, 191],
  [0, 150, 160],
  [214, 40, 140],
  [140, 110, 20],
  [90, 90, 220],
  [190, 70, 30],
];

/** Columns from one letter to the next, and rows of a label bar, in font pixels. */
const ADVANCE = font.width + 1, BAR = font.height + 2;

/** A picture that can be drawn on, RGBA. */
interface Canvas {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** Fills the part of a rectangle that lies on the canvas. */
function fill(
  canvas: Canvas,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: readonly number[],
): void {
  const x1 = Math.min(canvas.width, x + width), y1 = Math.min(canvas.height, y + height);
  for (let row = Math.max(0, y); row < y1; row++) {
    for (let column = Math.max(0, x); column < x1; column++) {
      canvas.data.set([...colour, 255], (row * canvas.width + column) * 4);
    }
  }
}

/** Writes text, each font pixel a square of `scale` pixels. Letters with marks lose them; what the font lacks becomes `?`. */
function write(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  scale: number,
  colour: readonly number[],
): void {
  for (const letter of plain(text)) {
    const glyph = font.lookup.indexOf(letter) * font.width;
    for (let column = 0; column < font.width; column++) {
      const bits = font.fontData[glyph + column];
      for (let row = 0; row < font.height; row++) {
        if (bits >> row & 1) fill(canvas, x + column * scale, y + row * scale, scale, scale, colour);
      }
    }
    x += ADVANCE * scale;
  }
}

function plain(text: string): string[] {
  const letters = text.normalize("NFD").replace(/\p{M}/gu, "");
  return Array.from(letters, (letter) => font.lookup.includes(letter) ? letter : "?");
}

/** A copy of the picture, RGBA, with a frame and a label (`dog 94%`) for each detection, the best on top. */
export function annotate(image: RawImage, detections: readonly Detection[]): RawImage {
  const canvas: Canvas = { data: rgba(image), width: image.width, height: image.height };
  const unit = Math.min(image.width, image.height) / 100;
  const line = Math.max(1, Math.round(unit / 2)), scale = Math.max(1, Math.round(unit / 3.5));
  for (const { label, classId, score, box } of detections.toReversed()) {
    const colour = PALETTE[classId % PALETTE.length];
    const [x, y] = [Math.round(box.x), Math.round(box.y)];
    const [width, height] = [Math.max(1, Math.round(box.width)), Math.max(1, Math.round(box.height))];
    fill(canvas, x, y, width, line, colour);
    fill(canvas, x, y + height - line, width, line, colour);
    fill(canvas, x, y, line, height, colour);
    fill(canvas, x + width - line, y, line, height, colour);
    const text = `${label} ${Math.round(score * 100)}%`;
    const barWidth = (plain(text).length * ADVANCE + 1) * scale, barHeight = BAR * scale;
    // Above the frame where there is room, else inside; never off to the right.
    const left = Math.max(0, Math.min(x, image.width - barWidth));
    const top = y >= barHeight ? y - barHeight : Math.max(0, y);
    fill(canvas, left, top, barWidth, barHeight, colour);
    write(canvas, text, left + scale, top + scale, scale, [255, 255, 255]);
  }
  return { ...canvas, channels: 4 };
}
