/**
 * Deno's permissions, asked without a prompt: what a run needs and does not have, and the command that grants it.
 *
 * @module
 */

/** The permissions that the command line may need, each by the flag that grants it. */
export type PermissionName = "read" | "write" | "net" | "env" | "sys";

/** Something was not allowed; `permission` says which flag would allow it. */
export class PermissionError extends Error {
  /** Name of the missing permission. */
  readonly permission: PermissionName;

  /** Makes an error that names the missing flag. */
  constructor(permission: PermissionName, options?: ErrorOptions) {
    super(`needs --allow-${permission}`, options);
    this.name = "PermissionError";
    this.permission = permission;
  }
}

/** Whether something is allowed, without asking the user. */
export async function isGranted(descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(descriptor)).state === "granted";
}

/**
 * Makes sure that something is allowed, without asking the user.
 *
 * @throws {PermissionError} If it is not.
 */
export async function demand(
  descriptor: Deno.PermissionDescriptor & { name: PermissionName },
): Promise<void> {
  if (!await isGranted(descriptor)) throw new PermissionError(descriptor.name);
}

/** As {@linkcode demand}, for fetching from a host. */
export async function demandHost({ host, port, protocol }: URL): Promise<void> {
  await demand({ name: "net", host: port ? host : `${host}:${protocol === "http:" ? 80 : 443}` });
}

/** The missing permission that an error, or what caused it, speaks of; `undefined` where it speaks of something else. */
export function missingPermission(error: unknown): PermissionName | undefined {
  if (error instanceof PermissionError) return error.permission;
  if (!(error instanceof Deno.errors.NotCapable)) {
    return error instanceof Error && error.cause !== undefined ? missingPermission(error.cause) : undefined;
  }
  return /--allow-(read|write|net|env|sys)/.exec(error.message)?.[1] as PermissionName | undefined;
}

/** The command that runs this program again with the same arguments and the permissions named. */
export function commandWith(permissions: Iterable<PermissionName>, args: readonly string[]): string {
  const flags = [...new Set(permissions)].map((name) => `--allow-${name}`);
  return ["deno", "run", ...flags, ...[script(), ...args].map(quote)].join(" ");
}

/** The entry file as it was started, as far as can be told: relative to the working folder where it lies below it. */
function script(): string {
  const here = `file://${Deno.cwd()}/`;
  const main = decodeURI(Deno.mainModule);
  return main.startsWith(here) ? main.slice(here.length) : main;
}

/** One word of a POSIX shell's command line. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
