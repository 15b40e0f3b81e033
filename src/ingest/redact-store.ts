/** Redacts what a store holds already, as if it came in only now. */
import type { TracesData } from "../model/otlp.js";
import type { RedactionCounts } from "../redaction/redact.js";
import type { RedactionSettings } from "../redaction/settings.js";
import { addCounts, type Redacting } from "../store/conversations.js";
import type { EngineName } from "../store/engines/engine.js";
import { getNumber } from "../store/meta.js";
import { spanSource } from "../store/open.js";
import { openForReading, openForWriting } from "../store/open-store.js";
import { recordedLogs, recordedSpans } from "../store/recorded.js";
import { type NamedFacet, type Rewriting, rewriteSpans } from "../store/rewrite.js";
import { rewriteNames } from "../store/rewrite-names.js";
import { overwriteDeleted, scrub } from "../store/scrub.js";
import { fillSearchIndex } from "../store/search-index.js";
import type { SpanWrite } from "../store/span-rows.js";
import { openTurns } from "../store/turns.js";
import { openSpanWriter } from "../store/writer.js";
import { openPreparer } from "./prepare.js";
import { openRedaction, type Redaction } from "./redaction.js";

export type RedactedStore = {
  /** how many spans there are, and in how many of them something was redacted */
  spans: number;
  redacted_spans: number;
  values: RedactionCounts;
};

type Phase = "redacting" | "rebuilding" | "indexing";

export type RedactStoreOptions = {
  engine?: EngineName;
  home?: string;
  /** `done` of `all` spans */
  progress?: (phase: Phase, done: number, all: number) => void;
};

/** Under which attribute a name would have come. */
const keys: Record<NamedFacet, string> = {
  service: "service.name",
  session: "session.id",
  agent: "gen_ai.agent.name",
  model: "gen_ai.request.model",
  user: "user.id",
  tool: "gen_ai.tool.name",
  provider: "gen_ai.provider.name",
};

/**
 * In place, while others record and read. When it returns, nothing in the file holds what was redacted; when it is
 * broken off, what is done stays done, and doing it again does the rest. Errors: those of writing (busy, disk_full, …).
 */
export async function redactStore(
  path: string,
  settings: RedactionSettings,
  { home, engine: name, progress = () => {} }: RedactStoreOptions,
): Promise<RedactedStore> {
  const tally = await openTally(settings, path, home);
  const engine = await openForWriting(path, name ? { engine: name } : {});
  try {
    overwriteDeleted(engine);
    const writer = openSpanWriter(engine, { redacting: tally.redacting });
    const all = Number(engine.get("SELECT count(*) AS n FROM span")?.n);
    tally.found.spans = rewriteSpans(writer, tally.rewriting, (done) => progress("redacting", done, all));
    rewriteNames(writer, tally.rewriting);
    progress("rebuilding", 0, all);
    scrub(engine);
    const last = getNumber(engine, "seq");
    const takeTurns = openTurns(engine);
    for (let more = true; more; ) {
      more = fillSearchIndex(engine, false);
      takeTurns();
      progress("indexing", getNumber(engine, "indexed_seq"), last);
    }
    engine.sync();
    return tally.found;
  } finally {
    engine.close();
  }
}

/** What `redactStore` would redact. */
export async function countRedactions(
  path: string,
  settings: RedactionSettings,
  { home, engine: name, progress = () => {} }: RedactStoreOptions,
): Promise<RedactedStore> {
  const { redacting, rewriting, found } = await openTally(settings, path, home);
  const engine = await openForReading(path, name ? { engine: name } : {});
  try {
    const source = spanSource(engine);
    const all = Number(engine.get("SELECT count(*) AS n FROM span")?.n);
    for (const { data, conversation } of recordedSpans(source)) {
      const [write] = rewriting.spans(data);
      if (conversation) {
        for (const message of conversation.messages) redacting.text(message, conversation.key);
        redacting.take();
      }
      rewriting.written(write as SpanWrite);
      if (++found.spans % 1000 === 0) progress("redacting", found.spans, all);
    }
    for (const data of recordedLogs(source)) rewriting.log(data);
    return found;
  } finally {
    engine.close();
  }
}

/** What is done with spans, and how much was found by it. */
async function openTally(
  settings: RedactionSettings,
  path: string,
  home: string | undefined,
): Promise<{ redacting: Redacting; rewriting: Rewriting; found: RedactedStore }> {
  const redaction = openRedaction(settings, path, home);
  const { redactor, otlp } = redaction;
  const found: RedactedStore = { spans: 0, redacted_spans: 0, values: {} };
  /** of the span that is being written */
  let messages = false;

  function add(counts: RedactionCounts): void {
    found.values = addCounts(found.values, counts);
  }
  const isAny = (counts: RedactionCounts = {}) => Object.keys(counts).length > 0;

  const redacting: Redacting = {
    text: (text, key) => redactor.text(text, key),
    take() {
      const counts = redactor.take();
      messages ||= isAny(counts);
      add(counts);
      return counts;
    },
  };
  const spans = await openPreparer({}, () => redaction);
  const counting: Redaction = { otlp, redactor: { ...redactor, take: redacting.take } };
  const logs = await openPreparer({}, () => counting);
  const envelopes = openEnvelopes(redaction, add);
  const rewriting: Rewriting = {
    spans(data) {
      envelopes(data);
      return spans.traces(data).spans;
    },
    written({ redacted = {} }) {
      if (messages || isAny(redacted)) found.redacted_spans++;
      messages = false;
      add(redacted);
    },
    log(data) {
      redactor.take();
      const log = logs.logs(data).logs[0] ?? null;
      messages = false;
      return log;
    },
    name: (text, of) => redactor.text(text, keys[of]),
    text: (text) => redactor.text(text),
  };
  return { redacting, rewriting, found };
}

/** Resources and scopes come with every request, and count once. */
function openEnvelopes({ otlp, redactor }: Redaction, add: (counts: RedactionCounts) => void) {
  const seen = new Set<string>();
  return ({ resourceSpans = [] }: TracesData): void => {
    for (const { scopeSpans = [], ...resource } of resourceSpans) {
      for (const { spans: _, ...scope } of scopeSpans) {
        for (const envelope of [resource, scope]) {
          const text = JSON.stringify(envelope);
          if (seen.has(text)) continue;
          seen.add(text);
          redactor.take();
          otlp.any(envelope);
          add(redactor.take());
        }
      }
    }
  };
}
