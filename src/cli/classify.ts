/**
 * The work of `classify.ts`: loads the model, looks at every source, prints, counts failures.
 *
 * @module
 */

import { Classifier } from "../detection/classifier.ts";
import type { ClassifyArguments } from "./classify_args.ts";
import { openModel } from "./model.ts";
import { lookAt, printProfile, threadsFor } from "./photos.ts";
import { classes } from "./reports/classes.ts";
import { createReport } from "./reports/create_report.ts";
import { expandSources } from "./sources.ts";
import type { Outcome } from "./verb.ts";

/**
 * Looks at every source and prints the likeliest classes; a source that fails costs one line on standard error.
 *
 * @throws {SimdetError} If the model cannot be loaded, or is no classifier.
 */
export async function classify(args: ClassifyArguments): Promise<Outcome> {
  const { model, modelFlags, maxMemory, quiet, top } = args;
  const sources = await expandSources(args.sources);
  const options = { threads: threadsFor(args, sources.length), maxMemory };
  const classifier = await Classifier.load(await openModel(model, { quiet, flags: modelFlags }), options);
  const report = await createReport(args.format, classes, { photos: sources.length, quiet });
  const outcome = await lookAt(
    sources,
    { look: (image) => classifier.classify(image, { topK: top }) },
    report,
  );
  if (args.profile) await printProfile(classifier.session, args);
  return outcome;
}
