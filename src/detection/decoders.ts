/**
 * From a session's raw outputs to candidates, a line a kind of head.
 *
 * @module
 */

import type { DetectorPostprocessing, ModelInfo } from "../graph/model_info.ts";
import type { Session } from "../runtime/session.ts";
import type { Tensor } from "../tensor.ts";
import { outputOf } from "./load.ts";
import type { Candidate } from "./nms.ts";
import { decodeSsd } from "./ssd.ts";
import { decodeYolo } from "./yolo.ts";
import { decodeYolox } from "./yolox.ts";

/** Decodes what lies in a session's outputs: candidates of at least `threshold` among the labels that `wanted` allows, corners as fractions of the input. */
export type Decode = (threshold: number, wanted: (label: number) => boolean) => Candidate[];

/** A decoder, and how many classes it gives. */
export interface Decoder {
  readonly decode: Decode;
  readonly classes: number;
}

/** The decoder of a model's heads; `constants` are those that its postprocessing names. */
export function createDecoder(
  post: DetectorPostprocessing,
  { preprocessing }: ModelInfo,
  constants: ReadonlyMap<string, Tensor>,
  session: Session,
): Decoder {
  const size = [preprocessing?.width ?? 0, preprocessing?.height ?? 0] as const;
  switch (post.kind) {
    case "ssd": {
      // A copy, so that the bytes of the model file can go.
      const priors = constants.get(post.priors)!.data.slice();
      return {
        classes: session.port(post.scores).shape[2] - 1,
        decode(threshold, wanted) {
          const heads = {
            boxes: outputOf(session, post.boxes),
            scores: outputOf(session, post.scores),
            priors,
          };
          return decodeSsd(heads, post, threshold, wanted);
        },
      };
    }
    case "yolo": {
      const shapes = post.heads.map(({ output }) => session.port(output).shape);
      return {
        classes: shapes[0][3] / post.heads[0].anchors.length - 5,
        decode(threshold, wanted) {
          const maps = post.heads.map(({ output }, i) => ({
            data: outputOf(session, output),
            height: shapes[i][1],
            width: shapes[i][2],
          }));
          return decodeYolo(maps, post, size, threshold, wanted);
        },
      };
    }
    case "yolox":
      return {
        classes: session.port(post.output).shape[2] - 5,
        decode: (threshold, wanted) =>
          decodeYolox(outputOf(session, post.output), post, size, threshold, wanted),
      };
  }
}
