/** Writes packed spans to the store: opens it, retries what may succeed later, gives up on what will not. */
import { existsSync } from "node:fs";
import type { Ingest } from "../ingest/ingest.js";
import { openIngest } from "../ingest/ingest.js";
import type { TracesData } from "../model/otlp.js";
import type { RedactionSettings } from "../redaction/settings.js";
import type { DiagLevel, RecorderConfig } from "./recorder-message.js";

/** A store that could not be opened is tried again with the first spans after so many ms. */
const reopenAfter = 30_000;
const fileCheckEvery = 1_000;
const longestPause = 500;
/** ms that one attempt waits for another process's lock: a program that ends cannot wait for more than that. */
const lockTimeout = 250;
/** ms after which waiting is told of */
const silence = 2_000;
/** ms that a program without a thread waits for the lock as it ends */
const patience = 5_000;

/** Conditions that pass: another process holds the lock, somebody makes room. */
const passing = new Set(["busy", "disk_full"]);

export type SpanWriter = {
  /** null: on disk; otherwise why the spans are given up. Waits, as long as it takes, where waiting helps. */
  write(spans: number, request: () => TracesData, service: string | null): Promise<string | null>;
  /** The same without waiting, for a program that is about to exit. */
  writeNow(spans: number, request: () => TracesData): void;
  dropped(count: number): void;
  /** What is redacted from now on. */
  redact(settings: RedactionSettings): void;
  /** One short step of housekeeping; true when more is waiting. */
  maintain(): boolean;
  /** Tries at once to open a store that could not be opened. */
  open(): Promise<void>;
  close(): void;
};

export function createSpanWriter(
  config: RecorderConfig & { path: string },
  redaction: RedactionSettings,
  report: (level: DiagLevel, message: string) => void,
  /** runs what touches the store, or throws where the program is ending */
  inStore: <T>(step: () => T) => T,
): SpanWriter {
  const { path, retention, captureContent, home, engine } = config;
  let ingest: Ingest | null = null;
  let service = config.service;
  let failure: { message: string; at: number; passes: boolean } | null = null;
  let lost = 0;
  let redacting = redaction;
  let checkedAt = performance.now();

  async function tryToOpen(): Promise<void> {
    try {
      ingest = await inStore(() =>
        openIngest({
          path,
          home,
          captureContent,
          redaction: redacting,
          timeout: lockTimeout,
          ...(engine ? { engine } : {}),
          ...(retention && service !== null ? { retention: { service, ...retention } } : {}),
        }),
      );
      failure = null;
    } catch (error) {
      failure = { message: describe(error), at: performance.now(), passes: opensSoon(error) };
      if (!failure.passes) report("error", `agensight: spans are not recorded in ${path}: ${failure.message}`);
    }
  }

  async function ready(): Promise<Ingest | null> {
    if (ingest && performance.now() - checkedAt > fileCheckEvery) {
      checkedAt = performance.now();
      if (!existsSync(path)) closeDeleted();
    }
    if (!ingest && (!failure || failure.passes || performance.now() - failure.at > reopenAfter)) await tryToOpen();
    return ingest;
  }

  /** SQLite would go on writing to a file that has no name any more. */
  function closeDeleted(): void {
    report("warn", `agensight: ${path} was deleted; a new file is begun`);
    close();
  }

  function close(): void {
    try {
      inStore(() => ingest?.close());
    } catch (error) {
      report("warn", `agensight: ${path}: ${describe(error)}`);
    }
    ingest = null;
  }

  function accept(target: Ingest, request: TracesData): void {
    const { rejected } = inStore(() => target.traces(request));
    const [first] = rejected;
    if (first) report("warn", `agensight: ${rejected.length} spans were rejected; the first: ${first.reason}`);
    noteLost(target);
  }

  function noteLost(target: Ingest): void {
    if (lost === 0) return;
    inStore(() => target.dropped(lost));
    lost = 0;
  }

  return {
    async write(spans, request, serviceOfSpans) {
      service ??= serviceOfSpans;
      const begin = performance.now();
      let told = false;
      for (let pause = 20; ; pause = Math.min(longestPause, pause * 2)) {
        const target = await ready();
        if (!target && !failure?.passes) {
          lost += spans;
          return failure?.message ?? "the store is closed";
        }
        let reason = failure?.message;
        try {
          if (target) {
            accept(target, request());
            return null;
          }
        } catch (error) {
          reason = describe(error);
          if (!passes(error)) {
            lost += spans;
            report("error", `agensight: ${spans} spans were not recorded: ${reason}`);
            return reason;
          }
        }
        if (!told && performance.now() - begin > silence) {
          told = true;
          report("warn", `agensight: ${reason}; trying again`);
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    },
    writeNow(spans, request) {
      const end = performance.now() + patience;
      for (;;) {
        try {
          if (ingest) accept(ingest, request());
          else report("error", `agensight: ${spans} spans were not recorded: ${path} was not open yet`);
          return;
        } catch (error) {
          if (codeOf(error) === "busy" && performance.now() < end) continue;
          report("error", `agensight: ${spans} spans were not recorded: ${describe(error)}`);
          return;
        }
      }
    },
    dropped(count) {
      lost += count;
      try {
        if (ingest) noteLost(ingest);
      } catch {
        // counted again with the next spans
      }
    },
    redact(settings) {
      redacting = settings;
      ingest?.redact(settings);
    },
    maintain() {
      try {
        return inStore(() => ingest?.maintain() ?? false);
      } catch (error) {
        report("debug", `agensight: housekeeping of ${path} failed: ${describe(error)}`);
        return false;
      }
    },
    async open() {
      failure = null;
      if (!retention || service !== null) await ready();
    },
    close,
  };
}

function passes(error: unknown): boolean {
  return passing.has(codeOf(error));
}

/** SQLite's own locks are held for moments; the lock file of sql.js as long as its program lives, and has no cause. */
function opensSoon(error: unknown): boolean {
  return codeOf(error) === "busy" && (error as Error).cause !== undefined;
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "";
}

function describe(error: unknown): string {
  const { message, hint } = error as { message?: string; hint?: string | null };
  return [message ?? String(error), hint].filter(Boolean).join(" ");
}
