/**
 * Opens plain weights, compiles and runs them: `deno run --allow-read bench/start/from_weights.ts FILE [MS]`.
 *
 * @module
 */

import { readModel, Session } from "../../mod.ts";
import { printFirstRuns } from "./first_runs.ts";

const [path, duration = "0"] = Deno.args;
using session = await Session.create(await readModel(await Deno.readFile(path)));
printFirstRuns(session, Number(duration));
