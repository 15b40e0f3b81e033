/** The full-text index: one document a span, with what the span added to its conversation. Filled off the recorder's path. */
import { messageText } from "../model/read-message.js";
import { openContentReader } from "./content.js";
import type { Engine } from "./engines/engine.js";
import { getNumber, setMeta } from "./meta.js";
import {
  decodeRow,
  loggedMessages,
  newInputMessages,
  openShapes,
  outputMessages,
  type SpanSource,
  sourceText,
  wholeSpanColumns,
} from "./read-span.js";
import { shortHash } from "./short-hash.js";
import { openStrings } from "./strings.js";

/** A batch holds the write lock: small enough that a recorder beside it hardly waits; larger when an import has the file to itself. */
const spansPerStep = { shared: 200, alone: 2000 };

const sources = new WeakMap<Engine, SpanSource & { said: Map<string, number> }>();
const rememberedTexts = 50_000;
/** Bytes: spans come in the order in which they were written, so few blocks are needed again. */
const cachedBlocks = 2 * 1024 * 1024;

function sourceFor(engine: Engine): SpanSource & { said: Map<string, number> } {
  let source = sources.get(engine);
  if (!source) {
    source = {
      engine,
      strings: openStrings(engine),
      content: openContentReader(engine, cachedBlocks),
      shape: openShapes(engine),
      said: new Map(),
    };
    sources.set(engine, source);
  }
  return source;
}

/** Where a hit may stand, with its text. */
export type SpanText = {
  field: "name" | "error" | "input" | "output" | "system" | "input_value" | "output_value";
  text: string;
};

/** What can be found of a span: its name, its error, and the texts that it did not merely repeat. */
export function searchableTexts(source: SpanSource, row: Record<string, unknown>): SpanText[] {
  const decoded = decodeRow(source, row);
  const texts: SpanText[] = [{ field: "name", text: source.strings.text(row.name as number) ?? "" }];
  const add = (field: SpanText["field"], text: string | null) => {
    if (text) texts.push({ field, text });
  };
  const errorType = source.strings.text((row.error_type as number | null) ?? null);
  add("error", [errorType, row.error_message].filter((part) => part !== null && part !== undefined).join(" "));
  add("system", sourceText(decoded, "system"));
  const logged = loggedMessages(source, (row.trace_id as string).toLowerCase(), (row.span_id as string).toLowerCase());
  for (const message of [...newInputMessages(source, decoded, row.id as number), ...logged.input, ...logged.system])
    add("input", messageText(message));
  for (const message of [...outputMessages(decoded), ...logged.output]) add("output", messageText(message));
  add("input_value", sourceText(decoded, "input_value"));
  add("output_value", sourceText(decoded, "output_value"));
  return texts;
}

/** A reply is resent with the next call, and a tool's result is told by its span first: one document holds it. */
function isFirst(said: Map<string, number>, row: Record<string, unknown>, text: string): boolean {
  if (text.length < 40) return true;
  const key = `${row.trace_id}${shortHash(text)}`;
  const span = said.get(key);
  if (span !== undefined) return span === row.id;
  if (said.size >= rememberedTexts) said.clear();
  said.set(key, row.id as number);
  return true;
}

export const searchColumns = `${wholeSpanColumns}, s.error_type, s.error_message, s.seq`;

/** Indexes the next spans that changed; true when more are waiting. Nothing to do where FTS5 is missing. */
export function fillSearchIndex(engine: Engine, alone: boolean): boolean {
  if (engine.family !== "native") return false;
  const most = alone ? spansPerStep.alone : spansPerStep.shared;
  const waiting = () =>
    engine.all(
      `SELECT ${searchColumns} FROM span s JOIN trace t ON t.id = s.trace WHERE s.seq > ? ORDER BY s.seq LIMIT ?`,
      [getNumber(engine, "indexed_seq"), most],
    );
  if (!engine.get("SELECT 1 AS there FROM span WHERE seq > ? LIMIT 1", [getNumber(engine, "indexed_seq")]))
    return false;
  const source = sourceFor(engine);
  return engine.transaction(() => {
    // read again under the lock: another process may have indexed them meanwhile
    const rows = waiting();
    const indexed = getNumber(engine, "indexed_seq");
    for (const row of rows) {
      const text = searchableTexts(source, row)
        .map((entry) => entry.text)
        .filter((part) => isFirst(source.said, row, part))
        .join("\n");
      if (indexed > 0) engine.run("DELETE FROM search WHERE rowid = ?", [row.id]);
      engine.run("INSERT INTO search (rowid, text) VALUES (?, ?)", [row.id, text]);
    }
    const last = rows.at(-1);
    if (last) setMeta(engine, "indexed_seq", last.seq);
    return rows.length === most;
  });
}

/** All spans are waiting to be indexed then. Call inside of a transaction. */
export function emptySearchIndex(engine: Engine): void {
  if (engine.family !== "native") return;
  engine.run("INSERT INTO search (search) VALUES ('delete-all')");
  setMeta(engine, "indexed_seq", 0);
}
