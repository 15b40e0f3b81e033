/** Starts the receiving thread, which is a bundle of its own beside this one. */
import { fileURLToPath } from "node:url";
import type { Receiver } from "../../server/receiver.js";
import { openReceiver } from "../../server/receiving/open-receiver.js";
import type { Settings } from "../settings.js";

/** Errors: those of opening the store, which is created where missing. */
export function startReceiver(
  { db, home, engine, retention, redaction }: Settings,
  events: { committed(): void; say(line: string): void },
): Promise<Receiver> {
  // preloads named in it would run again inside of the thread
  const { NODE_OPTIONS: _, ...env } = process.env;
  const file = fileURLToPath(new URL("./receiver.cjs", import.meta.url));
  return openReceiver({
    path: db,
    home,
    engine: engine ?? null,
    redaction,
    retention: retention.max_age_s || retention.max_bytes ? retention : null,
    thread: { file, env },
    ...events,
  });
}
