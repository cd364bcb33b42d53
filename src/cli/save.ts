/**
 * Annotated copies of photos in a folder.
 *
 * @module
 */

import { join } from "@std/path";
import type { Detection } from "../detection/types.ts";
import { annotate } from "../vision/draw.ts";
import { encodeImage } from "../vision/encode.ts";
import type { RawImage } from "../vision/image.ts";
import { baseName, type Source } from "./sources.ts";

/** A folder that receives annotated photos; makes itself with the first. */
export class PictureFolder {
  readonly #folder: string;
  /** Files that must not be written: the photos themselves, and what this run has saved. */
  readonly #taken: Promise<Set<string>>;

  /** Prepares a folder for the copies of some photos. */
  constructor(folder: string, sources: readonly Source[]) {
    this.#folder = folder;
    this.#taken = realPaths(sources.flatMap(({ path }) => path ?? []));
  }

  /**
   * Draws the boxes and writes the copy under the photo's own name: PNG stays PNG, everything else becomes JPEG. Where
   * that would overwrite a photo or another copy of this run, the name gets a number: `street-2.jpg`.
   */
  async save(source: string, image: RawImage, detections: readonly Detection[]): Promise<void> {
    const name = baseName(source);
    const extension = /\.(jpe?g|png)$/i.exec(name)?.[0] ?? ".jpg";
    const picture = annotate(image, detections);
    const bytes = await encodeImage(picture, /png/i.test(extension) ? "png" : "jpeg");
    await Deno.mkdir(this.#folder, { recursive: true });
    await Deno.writeFile(await this.#free(name.replace(/\.(jpe?g|png|webp)$/i, ""), extension), bytes);
  }

  /** Finds a path that is not taken, and takes it. */
  async #free(stem: string, extension: string): Promise<string> {
    const [taken, folder] = [await this.#taken, await Deno.realPath(this.#folder)];
    for (let n = 1;; n++) {
      const path = join(folder, `${stem}${n === 1 ? "" : `-${n}`}${extension}`);
      const real = await Deno.realPath(path).catch(() => path);
      if (taken.has(real)) continue;
      taken.add(real);
      return path;
    }
  }
}

async function realPaths(paths: readonly string[]): Promise<Set<string>> {
  const real = await Promise.all(paths.map((path) => Deno.realPath(path).catch(() => path)));
  return new Set(real);
}
