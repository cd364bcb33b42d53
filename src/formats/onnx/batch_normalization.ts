/**
 * BatchNormalization, over the channels of a value of any rank.
 *
 * @module
 */

import { formatShape } from "../../tensor.ts";
import { computedOf, fail, type Handler, literalOf, numberOf } from "./call.ts";
import { plain } from "./value.ts";

/** BatchNormalization. */
export const batchNormalization: Handler = (call) => {
  const { to, name } = call;
  if (numberOf(call, "training_mode", 0) !== 0) fail(call, "it is in training mode", "an inference graph");
  const x = computedOf(call, 0);
  const rank = x.shape.length;
  if (rank < 2) fail(call, `input is ${formatShape(x.shape)}`, "at least 2 axes (n, c)");
  const order = [...plain(rank).filter((axis) => axis !== 1), 1];
  const statistics = ["gamma", "beta", "mean", "variance"]
    .map((use, i) => to.vector(literalOf(call, i + 1), name, use));
  return to.emitLike(
    "batch_norm",
    name,
    { epsilon: numberOf(call, "epsilon", 1e-5) },
    to.arrange(x, order),
    statistics,
  );
};
