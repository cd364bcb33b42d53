/**
 * The Exact Fusion Model (Wang et al. 2019, "CSPNet", arXiv 1911.11929, section 3.2 and figure 6c): what predicts at a scale is assembled from exactly the scale below, the
 * scale itself and the one above, compressed by Maxout (Goodfellow et al. 2013), optionally weighed by ThunderNet's spatial attention (SAM; Qin et al. 2019, arXiv
 * 1903.11752, section 3.3).
 *
 * No code was published: this is an interpretation of the text. What the text leaves open is a field of {@linkcode EfmConfig}; names of weights are ours.
 *
 * @module
 */

import type { NetworkBuilder, Value } from "../layers.ts";

/** What the paper leaves open. */
export interface EfmConfig {
  /** Channels that each of the three maps brings. */
  readonly width: number;
  /** Channels of which Maxout keeps the largest; they stand `channels / maxout` apart. */
  readonly maxout: number;
  /** Channels of the 3x3 convolution behind Maxout. */
  readonly outputs: number;
  /** Whether spatial attention weighs its output. */
  readonly attention: boolean;
}

/** Convolution without bias, normalisation, leaky ReLU as Darknet's: `KEY.conv`, `KEY.norm`. */
export function leakyConv(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  kernel = 1,
  stride = 1,
): Value {
  const y = net.batchNorm(net.conv(x, `${key}.conv`, outputs, { kernel, stride }), `${key}.norm`);
  return net.activate(y, "leaky", 0.1);
}

/** The map enlarged to another's height and width, every pixel repeated. */
export function enlarge(
  net: NetworkBuilder,
  x: Value,
  [, height, width]: readonly number[],
  name: string,
): Value {
  return net.node("resize", name, { size: [height, width], mode: "nearest", coordinates: "asymmetric" }, [x]);
}

/** The largest of every `count` channels, taken `channels / count` apart: `[n, h, w, c / count]`. */
export function maxout(net: NetworkBuilder, x: Value, count: number, name: string): Value {
  const width = x.shape[3] / count;
  const slabs = Array.from({ length: count }, (_, i) => net.channels(x, i * width, width, `${name}.${i}`));
  return slabs.reduce((a, b) => net.node("maximum", name, {}, [a, b]));
}

/** ThunderNet's spatial attention: the map times sigmoid(norm(1x1 convolution of the map)). */
function spatialAttention(net: NetworkBuilder, x: Value, key: string): Value {
  const weights = net.batchNorm(net.conv(x, `${key}.conv`, x.shape[3]), `${key}.norm`);
  return net.node("mul", key, {}, [x, net.node("sigmoid", `${key}.sigmoid`, {}, [weights])]);
}

/** Fused maps of the same extents as `maps`, which go from fine to coarse, each half of the one before. */
export function efm(net: NetworkBuilder, maps: readonly Value[], config: EfmConfig): Value[] {
  const { width, maxout: count, outputs, attention } = config;
  return maps.map((map, i) => {
    const key = `efm.${i}`;
    const parts = [leakyConv(net, map, `${key}.same`, width)];
    if (i > 0) parts.unshift(leakyConv(net, maps[i - 1], `${key}.down`, width, 3, 2));
    if (i < maps.length - 1) {
      const coarse = leakyConv(net, maps[i + 1], `${key}.up`, width);
      parts.push(enlarge(net, coarse, map.shape, `${key}.enlarged`));
    }
    const compressed = maxout(net, net.concat(parts, `${key}.cat`), count, `${key}.maxout`);
    const fused = leakyConv(net, compressed, `${key}.fused`, outputs, 3);
    return attention ? spatialAttention(net, fused, `${key}.sam`) : fused;
  });
}
