// How large the store of the large workload is, and whether every span comes back as it went in.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { atMost, told } from "./figures.mjs";
import { timed } from "./import.mjs";
import { spanCount, workload } from "./workload.mjs";

export async function run() {
  const { path, bytes } = await workload();
  const folder = mkdtempSync(join(tmpdir(), "agensight-bench-size-"));
  try {
    const db = join(folder, "traces.db");
    await timed(["dist/cli/bin.js", "import", path, "--db", db]);
    const { openIngest } = await import("../dist/ingest/ingest.js");
    const ingest = await openIngest({ path: db });
    while (ingest.maintain({ all: true }));
    ingest.close();
    const whole = fileBytes(db);
    const index = await searchIndexBytes(db);
    const exported = join(folder, "export.jsonl");
    await timed(["dist/cli/bin.js", "export", "--db", db, "--out", exported]);
    const { equal, missing, different, first } = await compare(path, exported);
    return [
      told("size: OTLP/JSON", bytes / 1e6, "MB"),
      atMost(
        "size: store without the search index, part of the OTLP",
        (whole - index) / bytes,
        1 / 20,
        "",
        `1/${(bytes / (whole - index)).toFixed(1)}`,
      ),
      atMost(
        "size: store with the search index, part of the OTLP",
        whole / bytes,
        1 / 12,
        "",
        `1/${(bytes / whole).toFixed(1)}`,
      ),
      atMost(
        "size: spans that the export does not give back exactly",
        spanCount - equal,
        0,
        "",
        equal === spanCount ? "" : `${missing} missing, ${different} different, first ${first}`,
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const fileBytes = (db) =>
  ["", "-wal"].reduce((sum, end) => sum + (existsSync(db + end) ? statSync(db + end).size : 0), 0);

/** Bytes of the pages that the full-text index holds, counted by SQLite itself; the library is one that the machine has. */
async function searchIndexBytes(db) {
  const all = await openDirectly(db);
  const tables = all("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'");
  return tables.reduce((sum, { name }) => {
    const [{ bytes }] = all(`SELECT sum(pgsize) AS bytes FROM dbstat WHERE name GLOB '${name}_*'`);
    return sum + bytes;
  }, 0);
}

async function openDirectly(db) {
  try {
    const { DatabaseSync } = await import("node:sqlite");
    const file = new DatabaseSync(db);
    return (sql) => file.prepare(sql).all();
  } catch {
    const { default: Database } = await import("libsql");
    const file = new Database(db);
    return (sql) => file.prepare(sql).all();
  }
}

/** Counts the spans of `before` that `after` holds with the same JSON text, resource and scope. */
async function compare(before, after) {
  const digests = new Map();
  for await (const [id, text] of spansOf(after)) digests.set(id, digest(text));
  const counts = { equal: 0, missing: 0, different: 0, first: "" };
  for await (const [id, text] of spansOf(before)) {
    const found = digests.get(id);
    const verdict = found === undefined ? "missing" : found === digest(text) ? "equal" : "different";
    counts[verdict]++;
    if (verdict !== "equal") counts.first ||= id;
  }
  return counts;
}

const digest = (text) => createHash("sha256").update(text).digest("base64");

/** Spans as JSON text by id, with what belongs to them from their request: resource, scope. */
async function* spansOf(file) {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!line) continue;
    for (const { resource, scopeSpans } of JSON.parse(line).resourceSpans) {
      for (const { scope, spans } of scopeSpans) {
        for (const span of spans) yield [`${span.traceId}/${span.spanId}`, JSON.stringify({ resource, scope, span })];
      }
    }
  }
}
