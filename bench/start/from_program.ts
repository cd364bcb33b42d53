/**
 * Opens a compiled program and runs it: `deno run --allow-read bench/start/from_program.ts FILE [MS]`.
 *
 * @module
 */

import { decodeProgram, Session } from "../../runtime.ts";
import { fileSource } from "../../src/cli/file_source.ts";
import { printFirstRuns } from "./first_runs.ts";

const [path, duration = "0"] = Deno.args;
using session = await Session.load(await decodeProgram(fileSource(path)));
printFirstRuns(session, Number(duration));
