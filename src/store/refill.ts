/** Fills in old traces what later versions of the format added: newest first, in short steps. */
import { errorFingerprint } from "../model/error-fingerprint.js";
import { type Cell, loadCells } from "./cells.js";
import type { Row } from "./engines/engine.js";
import { getNumber, setMeta } from "./meta.js";
import { spanSource } from "./open.js";
import { openPromptHashes, type PromptHashes } from "./prompt-hash.js";
import { decodeRow, type SpanSource, sourceText, wholeSpanColumns } from "./read-span.js";
import { rederive } from "./settle.js";
import { shortHash } from "./short-hash.js";
import { decodeVarints } from "./varint.js";
import type { SpanWriter } from "./writer.js";

const tracesPerStep = 100;
const spansPerStep = 1000;

/** Returns true when more is waiting. */
export function refill(writer: SpanWriter): boolean {
  const { engine } = writer;
  if (getNumber(engine, "refill_below") === 0) return false;
  return writer.transact(() => {
    const source = spanSource(engine);
    const hashes = openPromptHashes();
    const traces = engine.all("SELECT * FROM trace WHERE id < ? ORDER BY id DESC LIMIT ?", [
      getNumber(engine, "refill_below"),
      tracesPerStep,
    ]);
    let spans = 0;
    let below = 0;
    for (const trace of traces) {
      if (spans > spansPerStep) break;
      refillTrace(writer, source, hashes, trace);
      spans += trace.span_count;
      below = trace.id;
    }
    setMeta(engine, "refill_below", below);
    return below > 0;
  });
}

function refillTrace(writer: SpanWriter, source: SpanSource, hashes: PromptHashes, trace: Row): void {
  const { engine, strings } = writer;
  const cells = loadCells(engine, strings, trace.id);
  if (trace.settled === 1) writer.usage.apply(cells, -1);
  setErrorKeys(writer, trace, cells);
  setPrompts(source, hashes, trace, cells);
  for (const { id, error_key, prompt } of cells) {
    if (error_key === null && prompt === null) continue;
    engine.run("UPDATE span SET error_key = ?, prompt = ? WHERE id = ?", [error_key, prompt, id]);
  }
  rederive(writer, trace, cells);
  if (trace.settled === 1) writer.usage.apply(cells, 1);
  engine.run("UPDATE trace SET settled = ?, changed_us = ? WHERE id = ?", [trace.settled, trace.changed_us, trace.id]);
  writer.cells.drop(trace.id);
}

function setErrorKeys({ engine, strings }: SpanWriter, trace: Row, cells: Cell[]): void {
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  const sql = "SELECT id, error_type, error_message FROM span WHERE trace = ? AND status = 2";
  for (const { id, error_type, error_message } of engine.all(sql, [trace.id])) {
    const cell = byId.get(id) as Cell;
    cell.error_key = shortHash(errorFingerprint({ ...cell, error_type: strings.text(error_type), error_message }));
  }
}

function setPrompts(source: SpanSource, hashes: PromptHashes, trace: Row, cells: Cell[]): void {
  const { engine } = source;
  const openings = new Map<number, number | null>();
  const openingOf = (span: number): number | null => {
    const known = openings.get(span);
    if (known !== undefined) return known;
    const row = engine.get("SELECT prev, items FROM conversation WHERE span = ?", [span]);
    const first = row && row.prev === null ? decodeVarints(row.items)[0] : undefined;
    const own = first === undefined ? null : hashes.ofOpening(source.content.text(first));
    const prompt = row && row.prev !== null ? openingOf(row.prev) : own;
    openings.set(span, prompt);
    return prompt;
  };
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  const sql = `SELECT ${wholeSpanColumns} FROM span s JOIN trace t ON t.id = s.trace WHERE s.trace = ?`;
  for (const row of engine.all(sql, [trace.id])) {
    const cell = byId.get(row.id) as Cell;
    if (cell.kind !== "llm") continue;
    const system = sourceText(decodeRow(source, row, { conversation: false }), "system");
    cell.prompt = (system === null ? null : hashes.ofSystem(system)) ?? openingOf(row.id);
  }
}
