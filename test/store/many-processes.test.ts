/** Several processes on one file: what was acknowledged stays, whoever is killed, and readers never see half of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openForReading } from "../../src/store/open-store.js";
import { availableEngines, nativeEngines, node24 } from "./available-engines.js";
import { batchRequest, batchSpans, spansPerBatch } from "./programs/numbered-batches.js";
import { type Program, runProgram, startProgram } from "./run-program.js";
import { seeded } from "./seeded.js";
import { exportAll, settleAll, spansById, type Target, withIngest, withReader } from "./store.js";
import { newStorePath, temporaryFolder } from "./temporary-folder.js";

type Side = { engine: EngineName; node?: string };

const writerCount = 4;

async function stop(program: Program): Promise<void> {
  program.child.stdin?.write("stop\n");
  expect([await program.ended, program.stderr()]).toEqual([0, ""]);
}

const acksOf = (program: Program) =>
  program.lines.flatMap((line) => (/^ack \d+$/.test(line) ? [Number(line.slice(4))] : []));

/** Four writers, each killed and started again several times, and two readers. */
async function storm(path: string, writing: Side, reading: Side, kills: number): Promise<void> {
  const random = seeded(kills);
  const start = (writer: number, from: number) =>
    startProgram(
      "write-batches",
      { path, engine: writing.engine, writer, from, pause: 15 },
      writing.node ? { node: writing.node } : {},
    );
  const acknowledged = Array.from({ length: writerCount }, () => new Set<number>());
  const writers = await Promise.all(acknowledged.map((_, writer) => start(writer, 0)));
  await Promise.all(writers.map((program) => program.line((line) => line === "ack 0")));
  const readers = await Promise.all(
    [1, 2].map(() =>
      startProgram("read-forever", { path, engine: reading.engine }, reading.node ? { node: reading.node } : {}),
    ),
  );

  for (let n = 0; n < kills; n++) {
    const writer = random.below(writerCount);
    const program = writers[writer] as Program;
    const enough = (acksOf(program).at(-1) ?? 0) + 3 + random.below(12);
    await program.line((line) => line === `ack ${enough}`);
    program.child.kill("SIGKILL");
    expect(await program.ended).toBe("SIGKILL");
    for (const batch of acksOf(program)) acknowledged[writer]?.add(batch);
    // some batches again: what was on its way may be there or not
    const next = Math.max(0, enough - 1);
    writers[writer] = await start(writer, next);
    await writers[writer]?.line((line) => line === `ack ${next}`);
  }
  await Promise.all(writers.map(stop));
  for (const [writer, program] of writers.entries())
    for (const batch of acksOf(program)) acknowledged[writer]?.add(batch);

  const target: Target = { path, engine: writing.engine };
  const there = spansById(await exportAll(target));
  for (const [writer, batches] of acknowledged.entries()) {
    expect(batches.size).toBeGreaterThan(3);
    for (const batch of batches) {
      for (const span of batchSpans(writer, batch)) {
        const own = there.get(`${span.traceId} ${span.spanId}`)?.span;
        if (JSON.stringify(own) !== JSON.stringify(span)) expect(own).toEqual(span);
      }
    }
  }
  for (const program of readers) {
    program.child.stdin?.write("stop\n");
    expect([await program.ended, program.stderr()]).toEqual([0, ""]);
    const { wrong, rounds, seen } = JSON.parse(program.lines.at(-1) ?? "{}") as {
      wrong: string[];
      rounds: number;
      seen: string[];
    };
    expect(wrong).toEqual([]);
    expect(rounds).toBeGreaterThan(5);
    for (const key of seen) expect(there.has(key)).toBe(true);
  }
  await expectSound(target, there.size);
}

/** No damage, whole batches only, and totals that are the sum of what is there. */
async function expectSound(target: Target, spans: number): Promise<void> {
  const engine = await openForReading(target.path, { engine: target.engine });
  expect(engine.get("PRAGMA integrity_check")?.integrity_check).toBe("ok");
  const numbers = engine.get(
    "SELECT count(*) AS spans, count(DISTINCT seq) AS seqs, max(seq) AS last, (SELECT value FROM meta WHERE key = 'seq') AS seq FROM span",
  );
  expect(numbers).toMatchObject({ spans, seqs: spans, seq: numbers?.last });
  engine.close();
  expect(spans % spansPerBatch).toBe(0);
  await withIngest(target, settleAll);
  const calls = spans / 6;
  await withReader(target, async (reader) => {
    const { total } = await reader.getUsage({ group_by: ["service", "model"] });
    expect(total).toMatchObject({ calls, input_tokens: calls * 100, output_tokens: calls * 10 });
    expect((await reader.getUsage({ group_by: ["tool"] })).total.calls).toBe(4 * calls);
    const { sessions } = await reader.listSessions({ limit: 20 });
    expect(sessions.reduce((sum, session) => sum + session.trace_count, 0)).toBe(calls);
    const { coverage } = await reader.searchSpans({ query: '"everybody who writes here"', limit: 1 });
    expect(coverage.matched).toBeGreaterThan(0);
    expect(await reader.info()).toMatchObject({ spans, unsettled_traces: 0, unindexed_spans: 0 });
  });
}

describe.each(nativeEngines)("on %s", (engine) => {
  test("four writers that are killed at random lose nothing that was acknowledged, and two readers see whole batches", {
    timeout: 90_000,
  }, async () => {
    await storm(newStorePath(), { engine }, { engine }, 7);
  });

  test("many processes that make the same new store at once all write to one good store", async () => {
    const path = newStorePath();
    const folder = temporaryFolder();
    const files = [0, 1, 2, 3, 4].map((writer) => {
      const file = join(folder, `${writer}.jsonl`);
      writeFileSync(file, [0, 1, 2].map((batch) => JSON.stringify(batchRequest(writer, batch))).join("\n"));
      return file;
    });
    const results = await Promise.all(files.map((file) => runProgram("ingest-file", { path, engine, file })));
    expect(results).toEqual(files.map(() => ({ accepted: 3 * spansPerBatch })));
    await expectSound({ path, engine }, 5 * 3 * spansPerBatch);
    const opened = await openForReading(path, { engine });
    expect(opened.get("PRAGMA page_size")?.page_size).toBe(8192);
    expect(opened.get("PRAGMA auto_vacuum")?.auto_vacuum).toBe(2);
    expect(opened.get("SELECT count(*) AS n FROM meta WHERE key = 'store_id'")?.n).toBe(1);
    opened.close();
  });

  test("two processes that keep house while a third one writes come to the right totals", async () => {
    const target = { path: newStorePath(), engine };
    await withIngest(target, () => {});
    const keepers = await Promise.all([1, 2].map(() => startProgram("maintain-forever", target)));
    await Promise.all(keepers.map((program) => program.line((line) => line === "ready")));
    const writers = await Promise.all(
      [0, 1].map((writer) => startProgram("write-batches", { ...target, writer, from: 0, pause: 0 })),
    );
    await Promise.all(writers.map((program) => program.line((line) => line === "ack 40")));
    await Promise.all([...writers, ...keepers].map(stop));
    const batches = writers.reduce((sum, program) => sum + acksOf(program).length, 0);
    await expectSound(target, batches * spansPerBatch);
  });
});

const hasLibsql = availableEngines.includes("libsql");
const newerNode = availableEngines.includes("node") ? process.execPath : node24;

test.skipIf(!hasLibsql || !newerNode)(
  "writers on libsql and readers on node:sqlite of Node 24 share a file the same way",
  { timeout: 90_000 },
  async () => {
    await storm(newStorePath(), { engine: "libsql" }, { engine: "node", node: newerNode as string }, 4);
  },
);

test.skipIf(!hasLibsql || !newerNode)(
  "writers on node:sqlite of Node 24 and readers on libsql share a file the same way",
  { timeout: 90_000 },
  async () => {
    const path = newStorePath();
    const file = join(temporaryFolder(), "first.jsonl");
    writeFileSync(file, JSON.stringify(batchRequest(0, 0)));
    expect(await runProgram("ingest-file", { path, engine: "node", file }, { node: newerNode as string })).toEqual({
      accepted: spansPerBatch,
    });
    await withIngest({ path, engine: "libsql" }, (ingest) => {
      expect(ingest.traces(batchRequest(0, 0))).toMatchObject({ unchanged: spansPerBatch });
      ingest.traces(batchRequest(1, 0));
    });
    await expectSound({ path, engine: "libsql" }, 2 * spansPerBatch);
  },
);
