/**
 * ONNX Runtime as a peer: its wasm build, and its native one as a yardstick. One thread each: more the wasm build cannot have in Deno.
 *
 * @module
 */

import native from "onnxruntime-node";
import * as web from "onnxruntime-web/wasm";
import type { Tensor } from "../../src/tensor.ts";

/** A network that a peer runs: the picture in, all outputs out. */
export type PeerRun = () => Promise<Float32Array[]>;

/** The wasm build on a model file and a picture of its input's shape. */
export async function onnxruntimeWeb(model: Uint8Array, picture: Tensor): Promise<PeerRun> {
  web.env.wasm.numThreads = 1;
  // Its glue takes Deno for Node and puts Node's Worker in place of the global one.
  const { Worker } = globalThis;
  const session = await web.InferenceSession.create(model, { executionProviders: ["wasm"] });
  globalThis.Worker = Worker;
  const feeds = { [session.inputNames[0]]: new web.Tensor("float32", picture.data, picture.shape) };
  return async () => {
    const outputs = await session.run(feeds);
    return session.outputNames.map((name) => outputs[name].data as Float32Array);
  };
}

/** The native build likewise. */
export async function onnxruntimeNode(model: Uint8Array, picture: Tensor): Promise<PeerRun> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await native.InferenceSession.create(model, options);
  const feeds = { [session.inputNames[0]]: new native.Tensor("float32", picture.data, picture.shape) };
  return async () => {
    const outputs = await session.run(feeds);
    return session.outputNames.map((name) => outputs[name].data as Float32Array);
  };
}

/** Versions of both. */
export const versions = { web: web.env.versions.web ?? "", native: native.env.versions.node ?? "" };
