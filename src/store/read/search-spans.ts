/** Full-text search over what spans say. */
import { AgensightError } from "../../model/error.js";
import { type SpanKind, spanKinds } from "../../model/kind.js";
import type { Row, SqlValue } from "../engines/engine.js";
import { getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import type { Page, SearchResult, SpanHit, TraceFilter } from "../reader.js";
import { searchableTexts, searchColumns } from "../search-index.js";
import { countLimit, coverage, readOffset } from "./cursor.js";
import { type Conditions, spanConditions } from "./filter.js";
import { ftsQuery, matches, type Phrase, parseQuery, snippet } from "./match-text.js";
import { spanSummary, summaryColumns, summaryTables } from "./rows.js";

/** Hits of the index that are looked at when other conditions thin them out. */
const mostCandidates = 50_000;
/** Hits whose traces a text filter keeps. */
const mostHits = 5000;
/** Spans that are read through where there is no index, newest first. */
const mostScanned = 20_000;

function phrasesOf(query: string): Phrase[] {
  const phrases = parseQuery(query);
  if (phrases.length === 0) {
    throw new AgensightError("bad_argument", "The search text has no words.", {
      hint: 'Words must all occur; "quotes" make a phrase, a trailing * matches beginnings.',
    });
  }
  return phrases;
}

type Found = { id: number; start_us: number };

/** Spans with the words, newest written first, at most `limit`. */
function find(source: SpanSource, phrases: Phrase[], conditions: Conditions, limit: number, notes: string[]): Found[] {
  const { engine } = source;
  const where = conditions.sql.length > 0 ? ` AND ${conditions.sql.join(" AND ")}` : "";
  if (engine.family !== "native") {
    notes.push("This engine has no full-text index: spans were read through.");
    return scan(source, phrases, conditions, 0, limit, notes);
  }
  const indexed = getNumber(engine, "indexed_seq");
  const fresh = scan(source, phrases, conditions, indexed, limit, notes);
  const match = ftsQuery(phrases);
  const candidates = conditions.sql.length > 0 ? mostCandidates : limit;
  const rows = engine.all(
    `SELECT s.id, s.start_us FROM (SELECT rowid AS id FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?) f
     CROSS JOIN span s ON s.id = f.id JOIN resource r ON r.id = s.resource WHERE s.seq <= ?${where} LIMIT ?`,
    [match, candidates, indexed, ...conditions.params, limit],
  ) as Row[] as Found[];
  if (conditions.sql.length > 0 && rows.length < limit) {
    const hits = Number(
      engine.get("SELECT count(*) AS n FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)", [
        match,
        mostCandidates + 1,
      ])?.n,
    );
    if (hits > mostCandidates)
      notes.push(`The words are common: only the ${mostCandidates} newest hits were looked at.`);
  }
  return [...fresh, ...rows].slice(0, limit);
}

function scan(
  source: SpanSource,
  phrases: Phrase[],
  conditions: Conditions,
  afterSeq: number,
  limit: number,
  notes: string[],
): Found[] {
  const { engine } = source;
  const where = conditions.sql.length > 0 ? ` AND ${conditions.sql.join(" AND ")}` : "";
  const found: Found[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  let scanned = 0;
  for (;;) {
    const rows = engine.all(
      `SELECT ${searchColumns}, s.start_us FROM span s JOIN trace t ON t.id = s.trace JOIN resource r ON r.id = s.resource WHERE s.seq > ? AND s.seq < ?${where} ORDER BY s.seq DESC LIMIT 500`,
      [afterSeq, before, ...conditions.params],
    );
    for (const row of rows) {
      const text = searchableTexts(source, row)
        .map((entry) => entry.text)
        .join("\n");
      if (matches(text, phrases)) found.push({ id: row.id, start_us: row.start_us });
    }
    scanned += rows.length;
    before = rows.at(-1)?.seq;
    if (rows.length < 500 || found.length >= limit) return found;
    if (scanned >= mostScanned) {
      notes.push(`Only the ${scanned} latest changed spans were read through; narrow the time range for older ones.`);
      return found;
    }
  }
}

/** Row ids of spans with the words that fit other conditions on `span s` and `resource r`. */
export function spansWithText(source: SpanSource, query: string, conditions: Conditions, notes: string[]): number[] {
  const found = find(source, phrasesOf(query), conditions, mostHits, notes);
  if (found.length === mostHits) notes.push(`The words are common: only the ${mostHits} newest hits were looked at.`);
  return found.map(({ id }) => id);
}

/** Row ids of traces in which a span has the words. */
export function tracesWithText(source: SpanSource, query: string, notes: string[]): number[] {
  const phrases = phrasesOf(query);
  const found = find(source, phrases, { sql: [], params: [] }, mostHits, notes);
  if (found.length === mostHits)
    notes.push(`The words are common: only traces of the ${mostHits} newest hits are listed.`);
  const traces = new Set<number>();
  for (let at = 0; at < found.length; at += 500) {
    const ids = found.slice(at, at + 500).map(({ id }) => id);
    for (const row of source.engine.all(
      `SELECT DISTINCT trace FROM span WHERE id IN (${ids.map(() => "?").join(",")})`,
      ids,
    ))
      traces.add(row.trace);
  }
  return [...traces];
}

export function searchSpans(
  source: SpanSource,
  query: TraceFilter & Page & { query: string; kind?: SpanKind },
): SearchResult {
  const { engine } = source;
  const phrases = phrasesOf(query.query);
  const notes: string[] = [];
  const offset = readOffset(query.cursor);
  const conditions = spanConditions(source.strings, query);
  if (conditions === null) return { hits: [], coverage: coverage(engine, 0, 0, null, notes) };
  if (query.kind !== undefined) {
    conditions.sql.push("s.kind = ?");
    conditions.params.push(spanKinds.indexOf(query.kind));
  }
  if (query.text !== undefined) phrases.push(...phrasesOf(query.text));
  const found = find(source, phrases, conditions, Math.max(countLimit, offset + query.limit) + 1, notes);
  if (found.length <= countLimit) found.sort((a, b) => b.start_us - a.start_us || b.id - a.id);
  const page = found.slice(offset, offset + query.limit);
  const hits = page.map(({ id }) => hit(source, id, phrases));
  const next = found.length > offset + page.length ? { offset: offset + page.length } : null;
  return { hits, coverage: coverage(engine, found.length, hits.length, next, notes) };
}

function hit(source: SpanSource, id: number, phrases: Phrase[]): SpanHit {
  const params: SqlValue[] = [id];
  const row = source.engine.get(`SELECT ${summaryColumns} FROM ${summaryTables} WHERE s.id = ?`, params) as Row;
  const whole = source.engine.get(
    `SELECT ${searchColumns} FROM span s JOIN trace t ON t.id = s.trace WHERE s.id = ?`,
    params,
  ) as Row;
  // what is redacted only now was found all the same: no word of it is shown
  const texts = searchableTexts(source, whole).map(({ field, text }) => ({
    field,
    text: source.redact?.(text) ?? text,
  }));
  for (const { field, text } of texts) {
    const found = snippet(text, phrases);
    if (found !== null) return { span: spanSummary(source, row), field, snippet: found };
  }
  return { span: spanSummary(source, row), field: "name", snippet: texts[0]?.text.slice(0, 160) ?? "" };
}
