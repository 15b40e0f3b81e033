/** What this program wants redacted; whatever records in it follows. */
import { defaultRedaction, type RedactionSettings } from "../redaction/settings.js";

let current = defaultRedaction;
const listeners = new Set<(settings: RedactionSettings) => void>();

export function setRedaction(settings: RedactionSettings): void {
  current = settings;
  for (const listener of listeners) listener(settings);
}

export function redactionInForce(): RedactionSettings {
  return current;
}

/** Calls `listener` when it changes, until the returned function is called. */
export function watchRedaction(listener: (settings: RedactionSettings) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
