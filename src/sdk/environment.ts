/** What the SDK reads from its surroundings when the program does not say it: the only place in it that does. */
import { homedir } from "node:os";
import { join } from "node:path";
import { diag } from "@opentelemetry/api";
import type { RecorderConfig } from "./recorder-message.js";

/** Where the store lies and how it is opened, from the `AGENSIGHT_…` variables. */
export function storeSettings(): Pick<RecorderConfig, "engine" | "home"> & { path: string } {
  const { AGENSIGHT_DB, AGENSIGHT_HOME, AGENSIGHT_SQLITE } = process.env;
  const home = AGENSIGHT_HOME || join(homedir(), ".agensight");
  return { path: AGENSIGHT_DB || join(home, "traces.db"), home, engine: engineNamed(AGENSIGHT_SQLITE) };
}

function engineNamed(name: string | undefined): RecorderConfig["engine"] {
  if (name === "node" || name === "libsql" || name === "sqljs") return name;
  if (name) diag.warn(`agensight: AGENSIGHT_SQLITE is none of node, libsql, sqljs: ${name}`);
  return null;
}

/** The environment for the recorder's thread: preloads named in NODE_OPTIONS would run again inside of it. */
export function threadEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return environment;
}

/** The program's main file; undefined where there is none. */
export function programFile(): string | undefined {
  return process.argv[1];
}

/** Where this module lies; a bundle has its own place, or none when it is CommonJS. */
export function moduleUrl(): string {
  return (import.meta.url as string | undefined) || programFile() || join(process.cwd(), "package.json");
}

/**
 * OpenTelemetry's default of 128 attributes a span cuts conversations short, because older instrumentations write
 * several attributes for each message. What the environment says in OpenTelemetry's variables holds.
 */
export function spanLimits(): { attributeCountLimit?: number; eventCountLimit?: number } {
  const { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, OTEL_ATTRIBUTE_COUNT_LIMIT, OTEL_SPAN_EVENT_COUNT_LIMIT } = process.env;
  return {
    ...(OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT || OTEL_ATTRIBUTE_COUNT_LIMIT ? {} : { attributeCountLimit: 10_000 }),
    ...(OTEL_SPAN_EVENT_COUNT_LIMIT ? {} : { eventCountLimit: 1_000 }),
  };
}
