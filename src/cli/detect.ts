/**
 * The work of `detect.ts`: loads the model, looks at every source, prints, saves, counts failures.
 *
 * @module
 */

import type { DetectOptions } from "../detection/types.ts";
import { Detector } from "../detection/detector.ts";
import { parseClasses } from "../options.ts";
import type { Arguments } from "./args.ts";
import { isModelFile, openModel } from "./model.ts";
import { anyModelFlag } from "./model_flags.ts";
import { note } from "./output.ts";
import { demand } from "./permissions.ts";
import { lookAt, printProfile, threadsFor } from "./photos.ts";
import { createReport } from "./reports/create_report.ts";
import { detections } from "./reports/detections.ts";
import { expandSources } from "./sources.ts";
import type { Outcome } from "./verb.ts";

/**
 * Looks at every source and prints what it finds; a source that fails costs one line on standard error.
 *
 * @throws {SimdetError} If the model cannot be loaded, or `--classes` names one that it does not have.
 * @throws {PermissionError} If pictures are to be saved without permission to write.
 */
export async function detect(args: Arguments): Promise<Outcome> {
  if (args.save !== undefined) await demand({ name: "write", path: args.save });
  const sources = await expandSources(args.sources);
  const detector = await load(args, sources.length);
  const options = detectOptions(args, detector);
  const report = await createReport(args.format, detections, { photos: sources.length, quiet: args.quiet });
  const folder = args.save === undefined
    ? undefined
    : new (await import("./save.ts")).PictureFolder(args.save, sources);
  let [saved, shown, truncated] = [0, 0, 0];

  const outcome = await lookAt(sources, {
    look: (image) => detector.detect(image, options),
    async then(source, image, result) {
      if (result.truncated > 0) {
        [shown, truncated] = [shown + result.detections.length, truncated + result.truncated];
      }
      if (!folder) return;
      await folder.save(source, image, result.detections);
      saved++;
    },
  }, report);

  if (args.profile) await printProfile(detector.session, args);
  if (!args.quiet) {
    if (truncated > 0) note(`${shown} of ${shown + truncated} boxes shown; raise --max-det`);
    if (saved > 0) note(`${saved} ${saved === 1 ? "picture" : "pictures"} saved to ${args.save}`);
  }
  return outcome;
}

/** The program of a zoo's model is kept compiled, for a single thread; all else is compiled now. */
async function load(args: Arguments, photos: number): Promise<Detector> {
  const { model, modelFlags, maxMemory, quiet } = args;
  const threads = threadsFor(args, photos), options = { threads, maxMemory };
  if ((model !== undefined && isModelFile(model)) || anyModelFlag(modelFlags)) {
    return await Detector.load(await openModel(model, { quiet, flags: modelFlags }), options);
  }
  const { weightsWithProgram, withProgram } = await import("./programs.ts");
  if (threads === 1) return await withProgram(model, { quiet }, (program) => Detector.load(program, options));
  return await Detector.load(await weightsWithProgram(model, { quiet }), options);
}

function detectOptions(args: Arguments, { info }: Detector): DetectOptions {
  const { threshold, iou, maxDetections, agnosticNms } = args;
  const classes = args.classes === undefined
    ? undefined
    : parseClasses("--classes", args.classes, info.labels);
  return { threshold, iou, maxDetections, agnosticNms, classes };
}
