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
import { complain, note, print } from "./output.ts";
import { demand, missingPermission, type PermissionName } from "./permissions.ts";
import { reasonOf } from "./reason.ts";
import { createReport } from "./reports/create_report.ts";
import { expandSources, type Source } from "./sources.ts";

/** How a run ended. */
export interface Outcome {
  /** Sources that failed; each has been complained of. */
  readonly failed: number;
  /** Permissions for lack of which they did. */
  readonly missing: readonly PermissionName[];
}

/**
 * Looks at every source and prints what it finds; a source that fails costs one line on standard error.
 *
 * @throws {SimdetError} If the model cannot be loaded, or `--classes` names one that it does not have.
 * @throws {PermissionError} If pictures are to be saved without permission to write.
 */
export async function detect(args: Arguments): Promise<Outcome> {
  if (args.save !== undefined) await demand({ name: "write", path: args.save });
  const sources = await expandSources(args.sources);
  const [detector, { decodeImage }] = await Promise.all([
    load(args, sources.length),
    import("../vision/decode.ts"),
  ]);
  const options = detectOptions(args, detector);
  const report = await createReport(args.format, { photos: sources.length, quiet: args.quiet });
  const folder = args.save === undefined
    ? undefined
    : new (await import("./save.ts")).PictureFolder(args.save, sources);
  const missing = new Set<PermissionName>();
  let [failed, saved, shown, truncated] = [0, 0, 0, 0];

  print(report.begin?.() ?? "");
  let bytes = read(sources[0]);
  for (const [i, { name }] of sources.entries()) {
    const current = bytes;
    bytes = read(sources[i + 1]); // arrives while this one is looked at
    try {
      const encoded = (await current)();
      const start = performance.now();
      const image = await decodeImage(encoded);
      const decode = performance.now() - start;
      const result = await detector.detect(image, options);
      print(report.photo({ source: name, result: { ...result, speed: { ...result.speed, decode } } }));
      if (result.truncated > 0) {
        [shown, truncated] = [shown + result.detections.length, truncated + result.truncated];
      }
      if (folder) {
        await folder.save(name, image, result.detections);
        saved++;
      }
    } catch (error) {
      complain(name, reasonOf(error));
      const permission = missingPermission(error);
      if (permission) missing.add(permission);
      failed++;
    }
  }
  print(report.end?.() ?? "");

  if (args.profile) await printProfile(detector, args);
  if (!args.quiet) {
    if (truncated > 0) note(`${shown} of ${shown + truncated} boxes shown; raise --max-det`);
    if (saved > 0) note(`${saved} ${saved === 1 ? "picture" : "pictures"} saved to ${args.save}`);
  }
  return { failed, missing: [...missing] };
}

/** Starts reading a source; the promise never rejects, the function it gives throws. */
async function read(source: Source | undefined): Promise<() => Uint8Array> {
  try {
    const bytes = await source?.read() ?? new Uint8Array();
    return () => bytes;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Threads would start with the second photo; without one the program on a single thread is loaded, which needs no compiling. */
async function load({ model, threads, quiet, profile }: Arguments, photos: number): Promise<Detector> {
  const single = threads === 1 || (threads === "auto" && photos < 2 && !profile);
  if (!single || (model !== undefined && isModelFile(model))) {
    return await Detector.load(await openModel(model, { quiet }), { threads: single ? 1 : threads });
  }
  const { withProgram } = await import("./programs.ts");
  return await withProgram(model, { quiet }, (source) => Detector.load(source));
}

function detectOptions(args: Arguments, { info }: Detector): DetectOptions {
  const { threshold, iou, maxDetections, agnosticNms } = args;
  const classes = args.classes === undefined
    ? undefined
    : parseClasses("--classes", args.classes, info.labels);
  return { threshold, iou, maxDetections, agnosticNms, classes };
}

/** The table is a result in the text format; in the others standard output belongs to data. */
async function printProfile(detector: Detector, { format }: Arguments): Promise<void> {
  const { formatProfile } = await import("../runtime/profile.ts");
  const table = formatProfile(detector.session.profile());
  if (format === "text") print(table + "\n");
  else note(table);
}
