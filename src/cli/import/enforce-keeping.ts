/** Retention for what was imported, at once: what is too old should not be found by the first question. */
import { enforceRetention } from "../../store/retention.js";
import { openForChange } from "../open-for-change.js";
import type { Settings } from "../settings.js";

export async function enforceKeeping(settings: Settings): Promise<void> {
  const { engine, writer } = await openForChange(settings);
  try {
    while (enforceRetention(writer));
  } finally {
    engine.close();
  }
}
