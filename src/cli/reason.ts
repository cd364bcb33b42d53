/**
 * Why something failed, on one line.
 *
 * @module
 */

import { SimdetError } from "../errors.ts";
import { oneLine } from "./output.ts";
import { missingPermission } from "./permissions.ts";

/** The line that stands for an error; stacks and causes stay out of it. */
export function reasonOf(error: unknown): string {
  if (error instanceof SimdetError) return oneLine(error.message);
  const permission = missingPermission(error);
  if (permission) return `needs --allow-${permission}`;
  if (error instanceof Deno.errors.NotFound) return "no such file or folder";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder, wanted a file";
  if (error instanceof Deno.errors.PermissionDenied) {
    const path = /: \w+ '(.*)'$/s.exec(error.message)?.[1];
    return oneLine(`the operating system refuses access${path === undefined ? "" : ` to ${path}`}`);
  }
  if (error instanceof DOMException && error.name === "TimeoutError") return "took too long";
  // A fetch that fails tells why in its cause alone.
  if (error instanceof TypeError && error.cause instanceof Error) return reasonOf(error.cause);
  return oneLine(
    (error instanceof Error ? error.message : String(error))
      .replace(/\s*\n[^]*$/, "")
      .replace(/^error sending request for url \(.*?\): /, ""),
  );
}

/** Whether an error says that the command line is wrong, rather than a photo or the machine. */
export function isUsageError(error: unknown): boolean {
  return error instanceof SimdetError && (error.code === "bad_option" || error.code === "unknown_model");
}
