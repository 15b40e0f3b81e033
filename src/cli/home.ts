/** The folder that holds the default store, the configuration and caches. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Absolute; `~/.agensight`, or AGENSIGHT_HOME. */
export function agensightHome(): string {
  return resolve(process.env.AGENSIGHT_HOME || join(homedir(), ".agensight"));
}
