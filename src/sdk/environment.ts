/** What the SDK reads from its surroundings when the program does not say it: the only place in it that does. */
import { homedir } from "node:os";
import { join } from "node:path";

/** `AGENSIGHT_DB`, else `traces.db` in `AGENSIGHT_HOME`, else in `~/.agensight`. */
export function defaultStorePath(): string {
  return process.env.AGENSIGHT_DB || join(process.env.AGENSIGHT_HOME || join(homedir(), ".agensight"), "traces.db");
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
