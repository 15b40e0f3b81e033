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

export function openReceivingStore({ path, home, engine, retention }: ReceiverConfig): ReceivingStore {
  let open: { ingest: Ingest; file: string } | null = null;

  async function current(): Promise<{ ingest: Ingest; file: string }> {
    if (open && fileIdentity(path) === open.file) return open;
    close();
    for (;;) {
      const before = fileIdentity(path);
      const ingest = await openIngest({
        path,
        home,
        ...(engine ? { engine } : {}),
        ...(retention ? { retention: { service: null, ...retention } } : {}),
      });
      const file = fileIdentity(path);
      if (file !== null && (before === null || before === file)) {
        open = { ingest, file };
        return open;
      }
      ingest.close();
    }
  }
  function close(): void {
    const left = open;
    open = null;
    left?.ingest.close();
  }

  return {
    async write(work) {
      for (let attempt = 1; attempt <= mostAttempts; attempt++) {
        const { ingest, file } = await current();
        try {
          const result = work(ingest);
          if (fileIdentity(path) === file) return result;
        } catch (error) {
          if (fileIdentity(path) === file) throw error;
        }
      }
      throw new AgensightError("busy", `The store ${path} is replaced again and again.`);
    },
    maintain() {
      try {
        return open !== null && fileIdentity(path) === open.file && open.ingest.maintain();
      } catch {
        // busy, or a full disk: those who send are told, and the next step tries again
        return false;
      }
    },
    close,
  };
}
