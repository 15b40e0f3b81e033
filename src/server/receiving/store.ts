/** The store that received spans go to: reopened when another file has taken its name, so that nothing goes astray. */
import { type Ingest, openIngest } from "../../ingest/ingest.js";
import { AgensightError } from "../../model/error.js";
import { fileIdentity } from "../../store/current-store.js";
import type { ReceiverConfig } from "./message.js";

const mostAttempts = 5;

export type ReceivingStore = {
  /** Runs `work`, again where the file was deleted or replaced meanwhile: writing the same twice changes nothing. */
  write<T>(work: (ingest: Ingest) => T): Promise<T>;
  /** One short step of housekeeping; true when more is waiting. */
  maintain(): boolean;
  close(): void;
};

export function openReceivingStore({ path, home, engine, retention, redaction }: ReceiverConfig): ReceivingStore {
  let open: { ingest: Ingest; file: string } | null = null;

  async function current(): Promise<{ ingest: Ingest; file: string }> {
    if (open && fileIdentity(path) === open.file) return open;
    close();
    for (;;) {
      const before = fileIdentity(path);
      const ingest = await openIngest({
        path,
        home,
        redaction,
        ...(engine ? { engine } : {}),
        ...(retention ? { retention: { service: null, ...retention } } : {}),
      });
      const file = fileIdentity(path);
      if (file !== null && (before === null || before === file || replacesFile(ingest))) {
        open = { ingest, file };
        return open;
      }
      ingest.close();
    }
  }
  /** Whether what `current` gave is in the file that has the name now. */
  function holds(was: { ingest: Ingest; file: string }): boolean {
    const file = fileIdentity(path);
    if (file !== null && replacesFile(was.ingest)) was.file = file;
    return file === was.file;
  }
  function close(): void {
    const left = open;
    open = null;
    left?.ingest.close();
  }

  return {
    async write(work) {
      for (let attempt = 1; attempt <= mostAttempts; attempt++) {
        const store = await current();
        try {
          const result = work(store.ingest);
          if (holds(store)) return result;
        } catch (error) {
          if (holds(store)) throw error;
        }
      }
      throw new AgensightError("busy", `The store ${path} is replaced again and again.`);
    },
    maintain() {
      if (open === null || fileIdentity(path) !== open.file) return false;
      try {
        return open.ingest.maintain();
      } catch {
        // busy, or a full disk: those who send are told, and the next step tries again
        return false;
      } finally {
        holds(open);
      }
    },
    close,
  };
}

/** sql.js puts a new file in the old one's place at each save; its lock keeps others from doing the same. */
function replacesFile({ family }: Ingest): boolean {
  return family === "sqljs";
}
