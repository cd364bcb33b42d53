/** Writes `.caffemodel` files as Caffe has written them over the years (BVLC/caffe, src/caffe/proto/caffe.proto). */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Shape, Tensor } from "../../src/tensor.ts";
import { hashed, type Role } from "./hash.ts";

/** Today's fields; extents of before `BlobShape`; the layers of before 2014. */
export type Style = "new" | "legacy_extents" | "old_layers";

/** The bytes of a file of these layers. */
export function caffemodel(
  layers: ReadonlyMap<string, readonly Tensor[]>,
  style: Style = "new",
): Uint8Array<ArrayBuffer> {
  const net = new BinaryWriter();
  net.tag(1, WireType.LengthDelimited).string("net");
  const fields = style === "old_layers" ? { layer: 2, name: 4, blob: 6 } : { layer: 100, name: 1, blob: 7 };
  for (const [name, blobs] of layers) {
    net.tag(fields.layer, WireType.LengthDelimited).fork();
    net.tag(fields.name, WireType.LengthDelimited).string(name);
    for (const { shape, data } of blobs) {
      net.tag(fields.blob, WireType.LengthDelimited).fork();
      if (style === "new") {
        net.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork();
        for (const extent of shape) net.int64(extent);
        net.join().join();
      } else {
        const extents = [...new Array(4 - shape.length).fill(1), ...shape];
        extents.forEach((extent, i) => net.tag(i + 1, WireType.Varint).int32(extent));
      }
      net.tag(5, WireType.LengthDelimited).bytes(
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
      net.join();
    }
    net.join();
  }
  return new Uint8Array(net.finish());
}

/** Hash-generated layers by keys such as `conv1.0`: the name of the layer and the number of the blob. */
export function hashedLayers(
  keys: readonly (readonly [key: string, shape: Shape])[],
  gain: number,
): Map<string, Tensor[]> {
  const blobs = new Map<string, Map<number, Shape>>();
  for (const [key, shape] of keys) {
    const [, name, index] = /^(.*)\.(\d+)$/.exec(key)!;
    blobs.set(name, (blobs.get(name) ?? new Map()).set(Number(index), shape));
  }
  const layers = new Map<string, Tensor[]>();
  for (const [name, shapes] of blobs) {
    layers.set(
      name,
      shapes.entries().map(([i, shape]) => hashed(`${name}.${i}`, shape, roleOf(i, shapes), gain)).toArray(),
    );
    // The third blob of a BatchNorm divides the others.
    if (shapes.size === 3) layers.get(name)![2].data.fill(1);
  }
  return layers;
}

/** Three blobs are a BatchNorm's; a first one of one axis is a Scale's. */
function roleOf(index: number, shapes: ReadonlyMap<number, Shape>): Role {
  if (shapes.size === 3) return index === 0 ? "mean" : "variance";
  if (index === 1) return "bias";
  return shapes.get(0)!.length === 1 ? "scale" : "weight";
}
