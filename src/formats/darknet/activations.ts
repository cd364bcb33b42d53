/**
 * Darknet's activations as nodes (AlexeyAB/darknet, src/activations.h).
 *
 * @module
 */

import type { Section } from "./config.ts";
import type { Layer, Translator } from "./translator.ts";

/** Applies an activation; `name` is free for its nodes. */
type Activation = (t: Translator, x: Layer, name: string) => Layer;

/** Activations by the names that a `.cfg` gives them. */
const activations: Readonly<Record<string, Activation>> = {
  linear: (_t, x) => x,
  leaky: (t, x, name) => t.emit("leaky_relu", name, { alpha: 0.1 }, [x]),
  relu: (t, x, name) => t.emit("clip", name, { lo: 0 }, [x]),
  relu6: (t, x, name) => t.emit("clip", name, { lo: 0, hi: 6 }, [x]),
  hardtan: (t, x, name) => t.emit("clip", name, { lo: -1, hi: 1 }, [x]),
  mish: (t, x, name) => t.emit("mish", name, {}, [x]),
  swish: (t, x, name) => t.emit("silu", name, {}, [x]),
  logistic: (t, x, name) => t.emit("sigmoid", name, {}, [x]),
  tanh: (t, x, name) => t.emit("tanh", name, {}, [x]),
};

/**
 * Applies the activation that a section tells, `fallback` where it tells none.
 *
 * @throws {ModelError} If there is none of that name.
 */
export function activate(t: Translator, section: Section, x: Layer, fallback: string): Layer {
  const kind = section.word("activation", fallback);
  if (!Object.hasOwn(activations, kind)) {
    section.fail(`activation is ${JSON.stringify(kind)}`, Object.keys(activations).join(", "));
  }
  if (kind === "mish" || kind === "swish") t.forked = true;
  return activations[kind](t, x, `${section.index}.${kind}`);
}
