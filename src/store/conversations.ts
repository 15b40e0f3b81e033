/**
 * The input messages of calls. Agents resend the whole conversation with every call, so a call is kept as "those of
 * the call it continues, then these": the repeated part is recognised on the raw text and neither parsed, hashed nor stored.
 */
import type { ContentWriter } from "./content.js";
import type { Engine, SqlValue } from "./engines/engine.js";
import { insertRows } from "./insert-rows.js";
import { isElement, splitJsonArray } from "./json-array.js";
import type { PromptHashes } from "./prompt-hash.js";
import { decodeVarints, encodeVarints } from "./varint.js";

/** What redaction is here; counts go by the name of what was redacted, since they were taken last. */
export type Redacting = { text(text: string, key: string): string; take(): Record<string, number> };

/** What a later call of the same trace may continue: an agent's conversations, the latest ones, as they came. */
type Remembered = {
  span: number;
  total: number;
  depth: number;
  redacted: Record<string, number>;
  prompt: number | null;
} & ({ body: string; separator: string } | { items: string[] });

const rememberedPerTrace = 8;
/** Of all traces together; those that were not written to for longest are forgotten first. */
const rememberedBytes = 24 * 1024 * 1024;
/** What an entry or an item takes beside its text. */
const overhead = 200;
/** A full list at least this often, so that reading one call never walks far. */
const longestChain = 64;

type Added = { redacted: Record<string, number>; prompt: number | null };

export type ConversationWriter = {
  /**
   * The raw JSON array of a call's messages, which stands in its attribute `key`. Returns how much was redacted of
   * them, those that it repeats included, and the hash of the prompt that opens them; null when it is none (the caller
   * keeps it as plain text).
   */
  addRaw(trace: number, span: number, key: string, raw: string): Added | null;
  /** Messages that were built from other attributes, each as JSON. Returns the hash of the prompt that opens them. */
  addMessages(trace: number, span: number, messages: string[]): number | null;
  /** Call before a span's messages are written a second time: takes the first ones away, and those that continued them stand for themselves. */
  replace(trace: number, span: number): void;
  /** What comes next of the trace is read from the store: it continues calls as they were written. `text`: of committed content. */
  continueStored(trace: number, text: (id: number) => string): void;
  finish(): void;
  /** Forgets what could be continued. */
  rollback(): void;
};

function sizeOf(entry: Remembered): number {
  return (
    overhead +
    ("body" in entry ? entry.body.length : entry.items.reduce((sum, item) => sum + item.length + overhead, 0))
  );
}

export function openConversationWriter(
  engine: Engine,
  content: ContentWriter,
  prompts: PromptHashes,
  redacting: Redacting | undefined,
): ConversationWriter {
  let remembered = new Map<number, Remembered[]>();
  let bytes = 0;
  let rows: SqlValue[][] = [];

  function remember(trace: number, entry: Remembered, replaced: Remembered | undefined): void {
    const entries = remembered.get(trace) ?? [];
    remembered.delete(trace);
    remembered.set(trace, entries);
    bytes += sizeOf(entry);
    const at = replaced ? entries.indexOf(replaced) : -1;
    const gone = at >= 0 ? entries.splice(at, 1)[0] : entries.length >= rememberedPerTrace ? entries.pop() : undefined;
    if (gone) bytes -= sizeOf(gone);
    entries.unshift(entry);
    for (const [oldest, forgotten] of remembered) {
      if (bytes <= rememberedBytes || oldest === trace) break;
      for (const one of forgotten) bytes -= sizeOf(one);
      remembered.delete(oldest);
    }
  }
  function writeRows(): void {
    insertRows(engine, "INSERT OR REPLACE INTO conversation (span, prev, total, items, separator)", 5, rows);
    rows = [];
  }

  /** Writes the row; a chain that grew long is written out in full. */
  function addRow(
    span: number,
    previous: Remembered | undefined,
    ids: number[],
    separator: string | null,
  ): { total: number; depth: number } {
    const total = (previous?.total ?? 0) + ids.length;
    const depth = previous ? previous.depth + 1 : 0;
    if (previous && depth > longestChain) {
      const all = [...itemsOf(previous.span), ...ids];
      rows.push([span, null, total, encodeVarints(all), separator]);
      return { total, depth: 0 };
    }
    rows.push([span, previous?.span ?? null, total, encodeVarints(ids), separator]);
    return { total, depth };
  }
  function itemsOf(span: number): number[] {
    const written = rows.find((row) => row[0] === span);
    if (!written) return conversationItems(engine, span);
    const own = decodeVarints(written[3] as Uint8Array);
    return written[1] === null ? own : [...itemsOf(written[1] as number), ...own];
  }

  /** Each distinct message passes redaction once: what is repeated did so when it came first. */
  function redact(items: string[], key: string): { texts: string[]; counts: Record<string, number> } {
    const texts = redacting ? items.map((text) => redacting.text(text, key)) : items;
    const changed = texts.some((text, index) => text !== items[index]);
    return { texts, counts: redacting && changed ? redacting.take() : {} };
  }

  return {
    addRaw(trace, span, key, raw) {
      for (const entry of remembered.get(trace) ?? []) {
        if (!("body" in entry)) continue;
        const { body, separator } = entry;
        // startsWith is slow in V8; a slice compared with === is a memcmp
        if (raw.length <= body.length || raw.slice(0, body.length) !== body) continue;
        const tail = raw.slice(body.length);
        const added = tail === "]" ? [] : splitJsonArray(tail);
        // written out again it must be the same to the last blank
        if (!added || (added.length > 0 ? `${separator + added.join(separator)}]` : "]") !== tail) continue;
        if (!added.every(isElement)) continue;
        const { texts, counts } = redact(added, key);
        const ids = texts.map((text) => content.put(text, false));
        const { total, depth } = addRow(span, entry, ids, separator);
        const redacted = addCounts(entry.redacted, counts);
        const { prompt } = entry;
        remember(trace, { span, total, depth, redacted, prompt, body: raw.slice(0, -1), separator }, entry);
        return { redacted, prompt };
      }
      const items = splitJsonArray(raw);
      if (!items || items.length === 0 || !items.every(isElement)) return null;
      const separator = `[${items.join(",")}]` === raw ? "," : `[${items.join(", ")}]` === raw ? ", " : null;
      if (separator === null) return null;
      const { texts, counts } = redact(items, key);
      const { total, depth } = addRow(
        span,
        undefined,
        texts.map((text) => content.put(text, true)),
        separator,
      );
      const prompt = prompts.ofOpening(texts[0] as string);
      remember(trace, { span, total, depth, redacted: counts, prompt, body: raw.slice(0, -1), separator }, undefined);
      return { redacted: counts, prompt };
    },
    addMessages(trace, span, messages) {
      const previous = (remembered.get(trace) ?? []).find(
        (entry) =>
          "items" in entry &&
          entry.items.length <= messages.length &&
          entry.items.every((text, index) => text === messages[index]),
      );
      const added = messages.slice(previous?.total ?? 0);
      const ids = added.map((text) => content.put(text, previous === undefined));
      const { total, depth } = addRow(span, previous, ids, null);
      const prompt = prompts.ofOpening(messages[0] ?? "");
      remember(trace, { span, total, depth, redacted: {}, prompt, items: messages }, previous);
      return prompt;
    },
    replace(trace, span) {
      writeRows();
      if (!engine.get("SELECT 1 AS there FROM conversation WHERE span = ?", [span])) return;
      const entries = remembered.get(trace);
      if (entries) {
        remembered.set(
          trace,
          entries.filter((entry) => entry.span !== span),
        );
        for (const entry of entries) if (entry.span === span) bytes -= sizeOf(entry);
      }
      for (const next of engine.all(
        "SELECT c.span FROM span s JOIN conversation c ON c.span = s.id WHERE s.trace = ? AND c.prev = ?",
        [trace, span],
      )) {
        engine.run("UPDATE conversation SET prev = NULL, items = ? WHERE span = ?", [
          encodeVarints(conversationItems(engine, next.span)),
          next.span,
        ]);
      }
      engine.run("DELETE FROM conversation WHERE span = ?", [span]);
    },
    continueStored(trace, text) {
      for (const entry of remembered.get(trace) ?? []) {
        if (!("body" in entry)) continue;
        bytes -= sizeOf(entry);
        entry.body = `[${itemsOf(entry.span).map(text).join(entry.separator)}`;
        bytes += sizeOf(entry);
      }
    },
    finish: writeRows,
    rollback() {
      remembered = new Map();
      bytes = 0;
      rows = [];
    },
  };
}

/** The sums of both. */
export function addCounts(one: Record<string, number>, other: Record<string, number>): Record<string, number> {
  const sums = { ...one };
  for (const [name, count] of Object.entries(other)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

/** The content ids of all input messages of a call, in order; empty when it has none. */
export function conversationItems(engine: Engine, span: number): number[] {
  const parts: number[][] = [];
  for (let at: number | null = span; at !== null; ) {
    const row = engine.get("SELECT prev, items FROM conversation WHERE span = ?", [at]);
    if (!row) break;
    parts.push(decodeVarints(row.items));
    at = row.prev;
  }
  return parts.reverse().flat();
}

/** What a call added to the call it continues: content ids, and how many messages it repeats. */
export function addedMessages(
  engine: Engine,
  span: number,
): { ids: number[]; repeated: number; previous: number | null } | null {
  const row = engine.get("SELECT prev, total, items FROM conversation WHERE span = ?", [span]);
  if (!row) return null;
  const ids = decodeVarints(row.items);
  return row.prev === null
    ? { ids, repeated: 0, previous: null }
    : { ids, repeated: row.total - ids.length, previous: row.prev };
}

/** The JSON text of the conversation as it stood in its attribute; null when it was built from other attributes. */
export function conversationText(engine: Engine, text: (id: number) => string, span: number): string | null {
  const separator = engine.get("SELECT separator FROM conversation WHERE span = ?", [span])?.separator;
  if (separator === undefined || separator === null) return null;
  return `[${conversationItems(engine, span).map(text).join(separator)}]`;
}
