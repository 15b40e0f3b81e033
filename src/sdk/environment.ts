/** What the SDK reads from its surroundings when the program does not say it: the only place in it that does. */
import { homedir } from "node:os";
import { join } from "node:path";

/** `AGENSIGHT_DB`, else `traces.db` in `AGENSIGHT_HOME`, else in `~/.agensight`. */
export function defaultStorePath(): string {
  return process.env.AGENSIGHT_DB || join(process.env.AGENSIGHT_HOME || join(homedir(), ".agensight"), "traces.db");
}

/** The environment for the recorder's thread: preloads named in NODE_OPTIONS would run again inside of it. */
export function workerEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return environment;
}
