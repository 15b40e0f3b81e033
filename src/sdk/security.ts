/** Package entry `agensight/security`: what is redacted before anything is written or sent. */
import { diag } from "@opentelemetry/api";
import { type RedactionOptions, readRedaction } from "../redaction/options.js";
import type { PatternName, RedactionMode } from "../redaction/settings.js";
import { setRedaction } from "./redaction.js";

export type { PatternName, RedactionMode, RedactionOptions };

/**
 * Redacts, in everything that is recorded from here on, what the options name, and always secrets: `api_key`, `jwt`,
 * `private_key`, `url_credentials`. May come before or after `setupTracing`; a later call replaces an earlier one.
 *
 * Never throws: what is not understood is told to OpenTelemetry's `diag`, and every pattern that there is stays in
 * force until a call is right.
 *
 * @example
 * configureRedaction({ patterns: ["credit_card", "email"], keys: ["password"], custom: { order: /ORD-\d{8}/ } });
 */
export function configureRedaction(options: RedactionOptions): void {
  const { settings, problems } = readRedaction(options);
  for (const problem of problems)
    diag.error(`agensight: configureRedaction: ${problem}. Until that is put right all patterns are in force.`);
  setRedaction(settings);
}
