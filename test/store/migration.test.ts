import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Engine, EngineName } from "../../src/store/engines/engine.js";
import { openEngine } from "../../src/store/engines/open-engine.js";
import { openReader } from "../../src/store/open.js";
import { migrateForReading, openForWriting } from "../../src/store/open-store.js";
import { readFacets } from "../../src/store/trace-row.js";
import { hashFacets } from "../../src/store/trace-totals.js";
import { engineOfEachFamily, familyOf } from "./available-engines.js";
import { exportAll, settleAll, withIngest, withoutLatency, withReader } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

/** A file that a program of version 1 wrote just now: what runs in it was not abandoned yet. */
async function oldFile(engine: EngineName): Promise<string> {
  const path = newStorePath();
  const packed = join(import.meta.dirname, "..", "fixtures", `store-1-${familyOf(engine)}.db.gz`);
  writeFileSync(path, gunzipSync(readFileSync(packed)), { mode: 0o600 });
  const opened = await openEngine({ path, readOnly: false, engine });
  opened.transaction(() => opened.run("UPDATE trace SET changed_us = ?", [Date.now() * 1000]));
  opened.sync();
  opened.close();
  return path;
}

async function look<T>(path: string, engine: EngineName, read: (opened: Engine) => T): Promise<T> {
  const opened = await openEngine({ path, readOnly: true, reading: true, engine });
  try {
    return read(opened);
  } finally {
    opened.close();
  }
}

/** Tables and columns, whatever way they came about. */
const tablesOf = (engine: Engine) =>
  engine
    .all("SELECT name, type FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    .map(({ name, type }) => [
      name,
      type,
      engine.all(`PRAGMA table_info(${name})`).map((column) => [column.name, column.type, column.notnull]),
    ]);

/** What version 2 of the format added, by what does not depend on the order of rows. */
function added(engine: Engine) {
  const text = (id: number) => engine.get("SELECT text FROM string WHERE id = ?", [id])?.text;
  return {
    spans: engine.all("SELECT hex(span_id) AS id, error_key, failure, prompt FROM span ORDER BY span_id"),
    traces: engine.all("SELECT hex(trace_id) AS id, facets, settled FROM trace ORDER BY trace_id").map((trace) => ({
      ...trace,
      facets: readFacets(trace.facets).map(([facet, value]) => [
        facet,
        hashFacets.includes(facet) ? value : text(value),
      ]),
    })),
    facets: engine.get("SELECT count(*) AS n FROM trace_facet")?.n,
    versions: engine.all("SELECT DISTINCT version FROM resource").map(({ version }) => text(version) ?? null),
  };
}

describe.each(engineOfEachFamily)("a file of version 1 on %s", (engine) => {
  test("has all that a new file has once it was opened for writing, and tells the same", async () => {
    const path = await oldFile(engine);
    const before = await look(path, engine, (opened) =>
      opened.all("SELECT hex(span_id) AS id, seq, cost_usd FROM span"),
    );
    (await openForWriting(path, { engine })).close();
    const fresh = newStorePath();
    (await openForWriting(fresh, { engine })).close();
    expect(await look(path, engine, tablesOf)).toEqual(await look(fresh, engine, tablesOf));
    expect(await look(path, engine, (opened) => opened.get("PRAGMA user_version")?.user_version)).toBe(2);
    expect(
      await look(path, engine, (opened) => opened.all("SELECT hex(span_id) AS id, seq, cost_usd FROM span")),
    ).toEqual(before);
  });

  test("holds after housekeeping what a new file with the same spans holds, and keeps its usage", async () => {
    const path = await oldFile(engine);
    const usage = async () => {
      const group_by = ["agent", "model", "tool", "kind"] as const;
      const found = await withReader({ path, engine }, (reader) => reader.getUsage({ group_by: [...group_by] }));
      return [...found.groups, found.total].map(withoutLatency);
    };
    const traces = () => withReader({ path, engine }, (reader) => reader.listTraces({ limit: 10 }));
    const before = [await usage(), await traces()];
    await withIngest({ path, engine }, settleAll);
    expect([await usage(), await traces()]).toEqual(before);
    const fresh = { path: newStorePath(), engine };
    const requests = await exportAll({ path, engine });
    await withIngest(fresh, (ingest) => {
      for (const request of requests) if ("resourceSpans" in request) ingest.traces(request);
      settleAll(ingest);
    });
    const filled = await look(path, engine, added);
    expect(filled).toEqual(await look(fresh.path, engine, added));
    expect(filled.spans.filter((row) => row.failure !== null).map((row) => row.failure)).toEqual([1, 3, 0, 2]);
    expect(new Set(filled.spans.map((row) => row.prompt)).size).toBe(3);
    expect(filled.versions.sort()).toEqual(["1.4.0", null]);
  });

  test("can be asked at once, and is new to whoever opens it then", async () => {
    const path = await oldFile(engine);
    const reader = await openReader(path, { engine });
    expect((await reader.listTraces({ limit: 10 })).traces.map((trace) => trace.error_count)).toEqual([1, 2, 1]);
    expect((await reader.getTrace({ trace_id: `${"c".repeat(31)}1` })).spans).toHaveLength(5);
    reader.close();
  });

  test.skipIf(engine === "sqljs")("that cannot be written says what to do", async () => {
    const opened = await openEngine({ path: await oldFile(engine), readOnly: true, reading: true, engine });
    expect(() => migrateForReading(opened)).toThrow(
      expect.objectContaining({ code: "read_only", hint: expect.stringContaining("Copy it") }),
    );
    opened.close();
  });
});
