/** `agensight redact`: old values are gone from a store's files, whatever happens meanwhile. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import { openReader } from "../../src/store/open.js";
import { nativeEngines } from "../store/available-engines.js";
import { chat, message, requestOf, span } from "../store/otlp.js";
import { whereInFiles } from "../store/raw-bytes.js";
import { bin, environment, makeHome } from "./agensight.js";

const { home, path, write, run, remove } = makeHome();
afterAll(remove);

/** Made up here, in the form of a vendor's keys. */
const key = `sk-proj-${"aB3dE5gH7jK9mN1p".repeat(3)}`;
const secrets = ["aB3dE5gH7jK9mN1p", "alice.wonder"];
const engine = nativeEngines[0] as "node" | "libsql";

const conversation = (trace: number, spans: number) =>
  Array.from({ length: spans }, (_, n) =>
    span({
      trace,
      id: trace * 1000 + n,
      attributes: chat({
        input: 10,
        output: 2,
        messages: Array.from({ length: n + 1 }, (_, at) =>
          message("user", `turn ${at} ${trace} ${key} alice.wonder@mail.example`),
        ),
        session: `session ${trace}`,
      }),
    }),
  );

/** As older versions wrote it. */
async function storeOf(name: string, traces: number, spans = 5): Promise<string> {
  const db = path(name);
  const ingest = await openIngest({ path: db, engine, redaction: null });
  for (let trace = 1; trace <= traces; trace++) ingest.traces(requestOf(conversation(trace, spans)));
  while (ingest.maintain({ all: true }));
  ingest.close();
  return db;
}

describe("agensight redact", () => {
  test("counts with --dry-run, redacts, and tells how much; then there is nothing left to do", async () => {
    const db = await storeOf("counted.db", 3);
    const dry = await run(["redact", "--db", db, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout).toBe(`would redact 15 values in 15 of 15 spans of ${db}\n  api_key  15\n`);
    expect((await whereInFiles(db, engine, secrets)).length).toBeGreaterThan(0);

    const config = write("redact.json", JSON.stringify({ redaction: { patterns: ["email"], mode: "pseudonym" } }));
    const done = await run(["redact", "--db", db, "--config", config]);
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(done.stdout).toContain(`redacted 30 values in 15 of 15 spans of ${db}\n`);
    expect(done.stdout).toContain("exports and backups");
    expect(await whereInFiles(db, engine, secrets)).toEqual([]);

    const again = await run(["redact", "--db", db, "--config", config]);
    expect(again).toMatchObject({ code: 0, stdout: `redacted 0 values in 0 of 15 spans of ${db}\n` });
  }, 60_000);

  test("names what programs that were killed left beside the store", async () => {
    const db = await storeOf("beside.db", 1);
    const left = write("beside.db.4711.tmp", "SQLite format 3");
    expect((await run(["redact", "--db", db])).stdout).toContain(left);
  });

  test("says what is wrong", async () => {
    const missing = await run(["redact", "--db", path("nowhere.db")]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("There is no store")]);
    const db = await storeOf("wrong.db", 1);
    const unknown = await run(["redact", "--db", db, "--redact", "emial"]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('did you mean "email"')]);
    expect((await run(["redact", "--help"])).stdout).toContain("Copies are not touched");
  });

  test("killed in the middle, it leaves each span as it was or redacted, and is done when it is run again", async () => {
    const db = await storeOf("killed.db", 300);
    const reader = await openReader(db, { engine });
    /** of the newest and the oldest trace, which are done last and first */
    const isDone = async (trace: number) =>
      !JSON.stringify(
        await reader.getSpan({ span_id: `bbbb${(trace * 1000).toString(16).padStart(12, "0")}` }),
      ).includes(key);
    const child = spawn(process.execPath, [bin, "redact", "--db", db], { env: environment({ AGENSIGHT_HOME: home }) });
    const ended = once(child, "close");
    while (!(await isDone(1)) && child.exitCode === null) await turn();
    child.kill("SIGKILL");
    expect((await ended)[1]).toBe("SIGKILL");
    let done = 0;
    for (let trace = 1; trace <= 300; trace++) if (await isDone(trace)) done++;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(300);
    const usage = await reader.getUsage({ group_by: ["session"], limit: 1 });
    expect(usage.total).toMatchObject({ calls: 1500, input_tokens: 15_000 });

    const second = await run(["redact", "--db", db]);
    expect(second.code).toBe(0);
    expect(await whereInFiles(db, engine, secrets.slice(0, 1))).toEqual([]);
    const after = await reader.getUsage({ group_by: ["session"], limit: 1 });
    expect(after.total).toMatchObject({ calls: 1500, input_tokens: 15_000 });
    expect((await reader.searchSpans({ query: "turn", limit: 1 })).coverage.matched).toBeGreaterThan(999);
    reader.close();
  }, 60_000);

  test("what is recorded and asked meanwhile is not disturbed", async () => {
    const db = await storeOf("busy.db", 300);
    const ingest = await openIngest({ path: db, engine });
    const reader = await openReader(db, { engine });
    // the recorder and the reader remember texts and places in the file
    ingest.traces(requestOf(conversation(1, 6)));
    await reader.getSpan({ span_id: "bbbb0000000003e8" });
    const running = run(["redact", "--db", db, "--redact", "email"]);
    let ended = false;
    void running.then(() => {
      ended = true;
    });
    let traces = 300;
    while (!ended) {
      traces++;
      expect(ingest.traces(requestOf(conversation(traces, 6))).accepted).toBe(6);
      ingest.traces(requestOf(conversation(1 + (traces % 300), 6)));
      ingest.maintain();
      await reader.getSession({ session_id: "session 1", limit: 50 });
      await turn();
    }
    expect(await running).toMatchObject({ code: 0, stderr: "" });
    while (ingest.maintain({ all: true }));
    expect(traces).toBeGreaterThan(300);
    const { total } = await reader.getUsage({ group_by: ["service"] });
    const spans = (await reader.info()).spans;
    expect(total.calls).toBe(spans);
    for (let trace = 1; trace <= 300; trace += 7) {
      const { spans: own } = await reader.getTrace({
        trace_id: `${"a".repeat(16)}${trace.toString(16).padStart(16, "0")}`,
      });
      for (const { span_id } of own) {
        const { input_messages } = await reader.getSpan({ span_id });
        expect(input_messages.length).toBe((Number.parseInt(span_id.slice(4), 16) % 1000) + 1);
        expect(JSON.stringify(input_messages)).not.toContain(key);
      }
    }
    reader.close();
    ingest.close();
    expect(await whereInFiles(db, engine, secrets.slice(0, 1))).toEqual([]);
  }, 60_000);
});
