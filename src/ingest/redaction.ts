/** The redaction of one way in: the settings in force, and what they are applied to. */
import type { Redactor } from "../redaction/redact.js";
import { createRedactor } from "../redaction/redactor.js";
import type { RedactionSettings } from "../redaction/settings.js";
import { openPseudonyms, redactionKeyFile } from "../store/pseudonyms.js";
import { createOtlpRedactor, type OtlpRedactor } from "./redact-otlp.js";

export type Redaction = { redactor: Redactor; otlp: OtlpRedactor };

/** `store`: its file, beside which the key for pseudonyms lies; null: there is none, and the key lies in `home`. */
export function openRedaction(settings: RedactionSettings, store: string | null, home?: string): Redaction {
  const redactor = createRedactor(settings, openPseudonyms(redactionKeyFile(store, home)));
  return { redactor, otlp: createOtlpRedactor(redactor) };
}
