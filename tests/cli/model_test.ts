import { assert, assertEquals, assertRejects } from "@std/assert";
import { isModelFile, openModel } from "../../src/cli/model.ts";
import { ModelError, OptionError } from "../../src/errors.ts";
import { parseSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { buildModel } from "../../models/build.ts";
import { hashedWeights, weightsFile } from "../support/darknet.ts";
import { fixture } from "../support/fixtures.ts";
import { temporaryFolder } from "../support/process.ts";

/** A folder with a Darknet network, its weights under two names, and names of its classes. */
async function darknetFolder() {
  const folder = await temporaryFolder();
  const { metadata } = parseSafetensors(await fixture("darknet/tiny.safetensors"));
  const weights = weightsFile(hashedWeights(JSON.parse(metadata.keys as string), Number(metadata.gain)));
  await Deno.writeFile(`${folder.path}/tiny.cfg`, await fixture("darknet/tiny.cfg"));
  await Deno.writeFile(`${folder.path}/lonely.cfg`, await fixture("darknet/tiny.cfg"));
  await Deno.writeFile(`${folder.path}/tiny.weights`, weights);
  await Deno.writeTextFile(`${folder.path}/tiny.names`, "cat\r\ndog\n");
  return folder;
}

const quiet = true;

Deno.test("a cfg with its weights beside it, and with weights of another name", async () => {
  await using folder = await darknetFolder();
  const beside = await openModel(`${folder.path}/tiny.cfg`, { quiet }) as Graph;
  assertEquals(beside.info.name, "tiny");
  assertEquals(beside.outputs, ["10", "16"]);
  const weights = `${folder.path}/tiny.weights`, labels = `${folder.path}/tiny.names`;
  const flags = { weights, labels, preset: "darknet-stretch", size: [96, 128] } as const;
  const { info, inputs } = await openModel(`${folder.path}/lonely.cfg`, { quiet, flags }) as Graph;
  assertEquals(info.labels?.map((label) => label?.name), ["cat", "dog"]);
  assertEquals([info.preprocessing?.fit, info.postprocessing?.kind], ["stretch", "yolo"]);
  assertEquals(inputs[0].shape, [1, 96, 128, 3]);
});

Deno.test("weights alone, and a network alone, are told what they lack", async () => {
  await using folder = await darknetFolder();
  const message = async (model: string) =>
    (await assertRejects(() => openModel(`${folder.path}/${model}`, { quiet }), ModelError)).message;
  assert(
    /lonely.weights.*must lie there, or be passed \(option weights, --weights\)/.test(
      await message("lonely.cfg"),
    ),
  );
  assert(/holds weights alone; name its .cfg as the model/.test(await message("tiny.weights")));
  assert(
    /none.caffemodel: it holds weights alone; name its .prototxt/.test(await message("none.caffemodel")),
  );
});

Deno.test("what names a file and what a model of the zoo", () => {
  for (const file of ["a.weights", "a.prototxt", "a.pth.tar", "folder/a", "A.ONNX"]) {
    assert(isModelFile(file));
  }
  for (const name of ["ssdlite-mobilenetv2-coco", "pelee"]) assert(!isModelFile(name));
});

Deno.test("a folder, weights too many, and a size that the file does not have, are told so", async () => {
  await using folder = await temporaryFolder();
  const model = `${folder.path}/net.safetensors`;
  await Deno.writeFile(model, writeSafetensors(buildModel("mobilenetv1-025", { inputSize: [64, 96] })));
  await assertRejects(
    () => openModel(folder.path, { quiet }),
    ModelError,
    `${folder.path}: it is a folder, wanted a file`,
  );
  await assertRejects(
    () => openModel(model, { quiet, flags: { weights: "other.weights" } }),
    OptionError,
    `--weights goes with a .cfg or .prototxt, not with ${model}`,
  );
  await openModel(model, { quiet, flags: { size: [64, 96] } });
  await assertRejects(
    () => openModel(model, { quiet, flags: { size: [64, 64] } }),
    ModelError,
    'Cannot read model at 64x64: the file settles its input "input", 96x64',
  );
});

Deno.test("a server that sends nothing, or no more, is not waited for", async () => {
  const hanging = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(9)) });
  const never = Promise.withResolvers<Response>();
  const handler = ({ url }: Request) => url.endsWith("/part.onnx") ? new Response(hanging) : never.promise;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  for (const name of ["none", "part"]) {
    const model = `http://127.0.0.1:${server.addr.port}/${name}.onnx`;
    await assertRejects(
      () => openModel(model, { quiet, idle: 50 }),
      ModelError,
      `Cannot fetch ${model}: nothing arrived for 0.05 s`,
    );
  }
  never.resolve(new Response());
});
