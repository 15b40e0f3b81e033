import { chmodSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { makeHome, otlpLine } from "./agensight.js";

const { path, write, run, remove } = makeHome();
afterAll(remove);

async function doctor(db: string, env: Record<string, string> = {}) {
  const { code, stdout } = await run(["doctor", "--json", "--db", db], { env });
  return { code, ...JSON.parse(stdout) };
}

describe("agensight doctor", () => {
  test("tells what the store holds and that nothing is to fix", async () => {
    const db = path("well.db");
    await run(["import", "-", "--db", db], { stdin: `${otlpLine({ session: "s" })}\n${otlpLine()}` });
    const { code, stdout } = await run(["doctor", "--db", db]);
    expect(code).toBe(0);
    expect(stdout).toContain(`store       ${db} (from --db)`);
    expect(stdout).toMatch(/engine +(node|libsql|sqljs) \(SQLite 3\.\d+/);
    expect(stdout).toMatch(/holds +2 spans in 2 traces, 1 session/);
    expect(stdout).toMatch(/service +shop: 2 traces, keeps everything/);
    expect(stdout).toMatch(/file check +ok/);
  });

  test("the JSON holds the same for programs", async () => {
    const db = path("json.db");
    await run(["import", "-", "--db", db], { stdin: otlpLine() });
    const report = await doctor(db);
    expect(report).toMatchObject({
      code: 0,
      db,
      db_from: "--db",
      store: { spans: 1, traces: 1, damage: [], dropped_spans: 0, unsettled_traces: 0, unindexed_spans: 0 },
    });
    expect(report.store.size_bytes).toBeGreaterThan(0);
  });

  test("without a file it says so, names the stores used lately and fails", async () => {
    const used = path("used lately.db");
    await run(["import", "-", "--db", used], { stdin: otlpLine() });
    const { code, stdout } = await run(["doctor", "--db", path("absent.db")]);
    expect(code).toBe(1);
    expect(stdout).toContain("There is no store at");
    expect(stdout).toContain(`--db '${used}'`);
  });

  test("says what a file is that is no store", async () => {
    const report = await doctor(write("notes.db", "just some notes that somebody wrote down, no database"));
    expect(report).toMatchObject({
      code: 1,
      store: null,
      findings: [
        {
          severity: "error",
          what: expect.stringContaining("not an SQLite file"),
          fix: expect.stringContaining("--db"),
        },
      ],
    });
  });

  test("finds damage in a file and tells how to save what can be read", async () => {
    const db = path("damaged.db");
    await run(["import", "-", "--db", db], {
      stdin: Array.from({ length: 400 }, () => otlpLine({ name: "x".repeat(300) })).join("\n"),
      env: {},
    });
    const { readFileSync } = await import("node:fs");
    const bytes = readFileSync(db);
    bytes.fill(0xa5, bytes.length - 40_000, bytes.length - 8000);
    writeFileSync(db, bytes);
    const report = await doctor(db);
    expect(report.code).toBe(1);
    expect(report.findings[0].severity).toBe("error");
  });

  test.skipIf(process.platform === "win32")("warns of a file that others can read", async () => {
    const db = path("open.db");
    await run(["import", "-", "--db", db], { stdin: otlpLine() });
    chmodSync(db, 0o644);
    const { code, stdout } = await run(["doctor", "--db", db]);
    expect(code).toBe(0);
    expect(stdout).toContain("Other users of this machine can read the file.");
    expect(stdout).toContain(`chmod 600 ${db}`);
  });

  test("refuses a store of the other engine family and names the way out", async () => {
    const db = path("wasm.db");
    await run(["import", "-", "--db", db], { stdin: otlpLine(), env: { AGENSIGHT_SQLITE: "sqljs" } });
    expect(await doctor(db, { AGENSIGHT_SQLITE: "sqljs" })).toMatchObject({
      code: 0,
      store: { engine: "sqljs", spans: 1 },
    });
    const wrong = await doctor(db);
    expect(wrong.code).toBe(1);
    expect(wrong.findings[0].fix).toContain("AGENSIGHT_SQLITE=sqljs");
  });

  test("tells dropped spans and models without a price", async () => {
    const db = path("lossy.db");
    const { openIngest } = await import("../../src/ingest/ingest.js");
    const ingest = await openIngest({ path: db });
    const line = JSON.parse(otlpLine());
    line.resourceSpans[0].scopeSpans[0].spans[0].attributes.push(
      { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
      { key: "gen_ai.request.model", value: { stringValue: "house-model-1" } },
      { key: "gen_ai.usage.input_tokens", value: { intValue: 10 } },
    );
    ingest.traces(line);
    ingest.dropped(7);
    ingest.close();
    const { stdout } = await run(["doctor", "--db", db]);
    expect(stdout).toContain("7 spans had to be dropped");
    expect(stdout).toContain("no known price: house-model-1");
    expect(stdout).toContain("agensight reprice");
  });
});
