/**
 * Activations by TensorFlow's names.
 *
 * @module
 */

import type { TfValue, Translator } from "./translator.ts";

/** Writes an activation under a name; `alpha` is the slope of LeakyRelu. */
export type Activation = (to: Translator, name: string, x: TfValue, alpha: number) => TfValue;

/** Of Selu (Klambauer et al. 2017, arXiv 1706.02515, equation 2): alpha and scale. */
const SELU_ALPHA = 1.6732632423543772, SELU_SCALE = 1.0507009873554805;

/** Activations by operator name. */
export const activations: Readonly<Record<string, Activation>> = {
  Relu: (to, name, x) => to.emit("clip", name, { lo: 0 }, [x]),
  Relu6: (to, name, x) => to.emit("clip", name, { lo: 0, hi: 6 }, [x]),
  LeakyRelu: (to, name, x, alpha) => to.emit("leaky_relu", name, { alpha }, [x]),
  Elu: (to, name, x) => to.elu(name, x, 1),
  Selu: (to, name, x) => {
    const scale = to.fill(`${name}:scale`, [], SELU_SCALE);
    return to.binary("mul", name, to.elu(`${name}:elu`, x, SELU_ALPHA), scale);
  },
  Sigmoid: (to, name, x) => to.emit("sigmoid", name, {}, [x]),
  Tanh: (to, name, x) => to.emit("tanh", name, {}, [x]),
  Softmax: (to, name, x) => to.emit("softmax", name, {}, [x]),
};
