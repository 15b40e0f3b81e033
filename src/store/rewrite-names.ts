/** What stands apart from spans, after these were written anew: sums of pruned traces, rules, pruned sessions. */
import { type Histogram, histogramText, mergeHistogramText } from "../model/histogram.js";
import { openContentReader } from "./content.js";
import type { Engine, Row, SqlValue } from "./engines/engine.js";
import { sessionKey } from "./retention.js";
import { forgetEverywhere, type Rewriting } from "./rewrite.js";
import { emptySearchIndex } from "./search-index.js";
import { shapesOf } from "./span-body.js";
import { hashFacets } from "./trace-totals.js";
import { keyDimensions } from "./usage-rollup.js";
import type { SpanWriter } from "./writer.js";

const namedDimensions = keyDimensions.filter((dimension) => dimension !== "kind");
const keyColumns = ["level", "bucket", ...keyDimensions];
const keyCondition = keyColumns.map((column) => `${column} = ?`).join(" AND ");

/** Also removes the texts that nothing refers to any more. */
export function rewriteNames(writer: SpanWriter, { name, text }: Rewriting): void {
  const { engine } = writer;
  writer.transact(() => {
    // whoever remembers the id of a text would bring it back without the text
    forgetEverywhere(engine);
    renameUsage(writer, name);
    renameRules(writer, name);
    renamePrunedSessions(engine, name);
    removeUnused(engine, "resource", "SELECT resource AS id FROM span UNION SELECT resource FROM log");
    removeUnused(engine, "scope", "SELECT scope AS id FROM span UNION SELECT scope FROM log");
    removeUnused(engine, "string", stringUses);
    removeShapes(engine, text);
    emptySearchIndex(engine);
  });
}

/** What is left of the old names: sums of traces that were pruned. Two that have one name now become one. */
function renameUsage({ engine, strings }: SpanWriter, name: Rewriting["name"]): void {
  const renamed = new Map<string, Map<number, number>>();
  for (const dimension of namedDimensions) {
    const ids = new Map<number, number>();
    for (const { id } of engine.all(`SELECT DISTINCT ${dimension} AS id FROM usage WHERE ${dimension} > 0`)) {
      const old = strings.text(id);
      const now = old === null ? old : name(old, dimension);
      if (now !== old) ids.set(id, strings.id(now) as number);
    }
    renamed.set(dimension, ids);
  }
  for (const [dimension, ids] of renamed) {
    for (const id of ids.keys()) {
      for (const row of engine.all(`SELECT * FROM usage WHERE ${dimension} = ?`, [id])) {
        const key = keyColumns.map((column) => renamed.get(column)?.get(row[column]) ?? row[column]);
        engine.run(
          `DELETE FROM usage WHERE ${keyCondition}`,
          keyColumns.map((column) => row[column]),
        );
        addUsage(engine, key, row);
      }
    }
  }
}

function addUsage(engine: Engine, key: SqlValue[], row: Row): void {
  const there = engine.get(`SELECT * FROM usage WHERE ${keyCondition}`, key);
  const merged: Row = { ...row };
  for (const [index, column] of keyColumns.entries()) merged[column] = key[index];
  if (there) {
    for (const column of Object.keys(row)) {
      if (!keyColumns.includes(column) && column !== "latency") merged[column] += there[column];
    }
    const latency: Histogram = new Map();
    mergeHistogramText(latency, row.latency);
    mergeHistogramText(latency, there.latency);
    merged.latency = histogramText(latency);
  }
  const columns = Object.keys(merged);
  engine.run(
    `INSERT OR REPLACE INTO usage (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    Object.values(merged) as SqlValue[],
  );
}

/** Of two services that have one name now, the rule of the first stays. */
function renameRules({ engine, strings }: SpanWriter, name: Rewriting["name"]): void {
  for (const { service } of engine.all("SELECT service FROM retention")) {
    const old = strings.text(service);
    const now = old === null ? old : name(old, "service");
    if (now === old) continue;
    engine.run("UPDATE OR IGNORE retention SET service = ? WHERE service = ?", [strings.id(now), service]);
    engine.run("DELETE FROM retention WHERE service = ?", [service]);
  }
}

function renamePrunedSessions(engine: Engine, name: Rewriting["name"]): void {
  const start = sessionKey("");
  for (const { id, pruned_us } of engine.all(
    "SELECT id, pruned_us FROM pruned WHERE length(id) > ? AND substr(id, 1, ?) = ?",
    [start.length, start.length, start],
  )) {
    const old = Buffer.from(id).toString("utf8", start.length);
    const now = name(old, "session");
    if (now === old) continue;
    engine.run("DELETE FROM pruned WHERE id = ?", [id]);
    engine.run("INSERT OR IGNORE INTO pruned (id, pruned_us) VALUES (?, ?)", [sessionKey(now), pruned_us]);
  }
}

const stringUses = [
  "SELECT service AS id FROM resource",
  "SELECT name FROM scope",
  "SELECT id FROM session",
  `SELECT value FROM trace_facet WHERE facet NOT IN (${hashFacets.join(", ")})`,
  "SELECT version FROM resource",
  "SELECT service FROM retention",
  ...["name", "service", "session"].map((column) => `SELECT ${column} FROM trace`),
  ...namedDimensions.map((column) => `SELECT ${column} FROM usage`),
  ..."name, provider, request_model, response_model, own_agent, agent, own_session, session, user, tool, error_type"
    .split(", ")
    .map((column) => `SELECT ${column} FROM span`),
].join(" UNION ");

/** The last id is not given a second time: readers may remember what it stood for. */
function removeUnused(engine: Engine, table: "resource" | "scope" | "string", uses: string): void {
  const unused = `id NOT IN (SELECT * FROM (${uses}) WHERE id IS NOT NULL)`;
  const last = `(SELECT max(id) FROM ${table})`;
  const text = table === "string" ? "text" : "body";
  engine.run(`UPDATE ${table} SET ${text} = 'unused ' || id WHERE id = ${last} AND ${unused}`);
  engine.run(`DELETE FROM ${table} WHERE id <> ${last} AND ${unused}`);
}

/** Of the forms of spans, those that say something which is redacted now and that no body names any more. */
function removeShapes(engine: Engine, text: Rewriting["text"]): void {
  const old = engine
    .all("SELECT id, body FROM shape")
    .filter(({ body }) => body.split("\n").some((line: string) => text(line.slice(1)) !== line.slice(1)))
    .map((row) => row.id as number);
  if (old.length === 0) return;
  const used = new Set<number>();
  const content = openContentReader(engine, 0);
  let after = 0;
  for (;;) {
    const rows = engine.all("SELECT id, body FROM span WHERE id > ? ORDER BY id LIMIT 1000", [after]);
    if (rows.length === 0) break;
    for (const row of rows) for (const shape of shapesOf(content.text(row.body))) used.add(shape);
    after = rows.at(-1)?.id;
  }
  for (const id of old) if (!used.has(id)) engine.run("DELETE FROM shape WHERE id = ?", [id]);
}
