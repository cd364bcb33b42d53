/**
 * What a user of TensorFlow.js would write to find objects in photos, with the image decoders that we use:
 * `deno run --allow-read bench/peers/tfjs_detect.ts MODEL_JSON PHOTO`. Prints JSON.
 *
 * @module
 */

import { toFileUrl } from "@std/path";
import { detectCocoSsd, loadCocoSsd } from "./coco_ssd.ts";

const [modelJson, photo] = Deno.args.map((path) => new URL(path, toFileUrl(`${Deno.cwd()}/`)));
const { default: decode } = photo.pathname.endsWith(".png")
  ? await import("@jsquash/png/decode.js")
  : await import("@jsquash/jpeg/decode.js");

const model = await loadCocoSsd(modelJson);
const { data, width, height } = await decode((await Deno.readFile(photo)).buffer);
const found = await detectCocoSsd(model, { data: new Uint8Array(data.buffer), width, height });
console.log(JSON.stringify(found.map(({ column, score, box }) => ({ categoryId: column + 1, score, box }))));
