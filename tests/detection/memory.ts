/** A process of its own for `detector_test.ts`, whose memory nobody shares: prints by how many bytes 1,000 detections make it grow. */
import { Detector } from "../../mod.ts";

using detector = await Detector.load(await Deno.readFile(Deno.args[0]));
const image = { data: new Uint8Array(64 * 48 * 3).fill(90), width: 64, height: 48, channels: 3 as const };
for (let i = 0; i < 50; i++) await detector.detect(image);
const [wasm, resident] = [detector.session.memory.buffer.byteLength, Deno.memoryUsage().rss];
for (let i = 0; i < 1000; i++) await detector.detect(image);
console.log(JSON.stringify({
  wasm: detector.session.memory.buffer.byteLength - wasm,
  resident: Deno.memoryUsage().rss - resident,
}));
