/** Housekeeping of the store while nobody asks: sums traces up, fills the search index, enforces retention. */

import { fileIdentity } from "../../store/current-store.js";
import type { EngineName } from "../../store/engines/engine.js";

/** ms without a question before a step, between steps while more is waiting, and when nothing is. */
const quiet = 1000;
const betweenSteps = 50;
const betweenLooks = 5000;

type Writer = { maintain(): boolean; close(): void };

/**
 * Starts after the first answer. `asked`: when the last message came, ms of `performance.now()`.
 * Does nothing where the file cannot be written, or is of the sql.js family, which has one writer at a time.
 */
export function startUpkeep(path: string, options: { engine?: EngineName }, asked: () => number): { stop(): void } {
  let writer: { file: string; open: Writer | null } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const next = (after: number) => {
    if (!stopped) timer = setTimeout(() => void look(), after).unref();
  };
  const look = async () => {
    if (performance.now() - asked() < quiet) return next(quiet);
    const file = fileIdentity(path);
    if (file !== writer?.file) {
      writer?.open?.close();
      writer = file === null ? undefined : { file, open: await openWriter(path, options) };
    }
    let more = false;
    try {
      more = !stopped && writer?.open?.maintain() === true;
    } catch {
      // busy, or a full disk: those who record are told, and the next look tries again
    }
    next(more ? betweenSteps : betweenLooks);
  };
  next(quiet);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      writer?.open?.close();
    },
  };
}

async function openWriter(path: string, options: { engine?: EngineName }): Promise<Writer | null> {
  const [{ openForReading, openForWriting }, { openSpanWriter }, { maintain }] = await Promise.all([
    import("../../store/open-store.js"),
    import("../../store/writer.js"),
    import("../../store/maintain.js"),
  ]);
  try {
    const reading = await openForReading(path, options);
    const { family, readOnly } = reading;
    reading.close();
    if (family !== "native" || readOnly) return null;
    const engine = await openForWriting(path, { ...options, timeout: 100 });
    const writer = openSpanWriter(engine);
    return { maintain: () => maintain(writer), close: () => engine.close() };
  } catch {
    return null;
  }
}
