/**
 * Looks at photos one after the other, while the next arrives, and prints what is found.
 *
 * @module
 */

import { decodeImage } from "../vision/decode.ts";
import type { RawImage } from "../vision/image.ts";
import { complain, note, print } from "./output.ts";
import { missingPermission, type PermissionName } from "./permissions.ts";
import type { PhotoArguments } from "./photo_args.ts";
import { reasonOf } from "./reason.ts";
import type { Report, Result } from "./reports/report.ts";
import type { Session } from "../runtime/session.ts";
import type { Source } from "./sources.ts";
import type { Outcome } from "./verb.ts";

/** What is done with a photo. */
export interface Look<R extends Result> {
  /** Says what it shows. */
  look(image: RawImage): Promise<R>;
  /** Called when that is printed. */
  then?(source: string, image: RawImage, result: R): Promise<void>;
}

/** Looks at every source; one that fails costs one line on standard error. */
export async function lookAt<R extends Result>(
  sources: readonly Source[],
  { look, then }: Look<R>,
  report: Report<R>,
): Promise<Outcome> {
  const missing = new Set<PermissionName>();
  let failed = 0;
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
      const result = await look(image);
      print(report.photo({ source: name, result: { ...result, speed: { ...result.speed, decode } } }));
      await then?.(name, image, result);
    } catch (error) {
      complain(name, reasonOf(error));
      const permission = missingPermission(error);
      if (permission) missing.add(permission);
      failed++;
    }
  }
  print(report.end?.() ?? "");
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

/** Threads to start a session with: they would start with the second photo, so one photo does without. */
export function threadsFor({ threads, profile }: PhotoArguments, photos: number): number | "auto" {
  return threads === "auto" && photos < 2 && !profile ? 1 : threads;
}

/** Prints the time of every layer: a result in the text format; in the others standard output belongs to data. */
export async function printProfile(session: Session, { format }: PhotoArguments): Promise<void> {
  const { formatProfile } = await import("../runtime/profile.ts");
  await session.start();
  const table = formatProfile(session.profile(), session.peaks);
  if (format === "text") print(table + "\n");
  else note(table);
}
