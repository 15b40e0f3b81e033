/** What Agensight does beside a program's own work must never be felt by it. */
import { diag } from "@opentelemetry/api";

/** Runs `step`; what it throws goes to OpenTelemetry's `diag` and the result is undefined. */
export function quietly<T>(what: string, step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    diag.error(`agensight: ${what}:`, error);
    return undefined;
  }
}
