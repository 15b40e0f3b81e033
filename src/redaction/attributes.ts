/** Redacts attributes in the shape of OTLP. */
import type { KeyValue } from "../model/otlp.js";
import type { Redactor } from "./redact.js";

/** The same array where nothing is redacted. A number that is redacted becomes a string. */
export function redactAttributes(attributes: KeyValue[], redactor: Redactor): KeyValue[] {
  return redactor.value(attributes) as KeyValue[];
}
