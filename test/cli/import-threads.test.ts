import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromChunks } from "../../src/cli/import/blocks.js";
import { type ReadStep, readFiles } from "../../src/cli/import/read-files.js";
import { startReaderThread } from "../../src/cli/import/reader-thread.js";
import { openPreparer } from "../../src/ingest/prepare.js";
import { makeHome, otlpLine } from "./agensight.js";

const { path, write, run, remove } = makeHome();
const reader = new URL("../../dist/cli/import-reader.cjs", import.meta.url);

/** A line with one span of about `size` bytes, whose fields are `over`'s. */
function line(size: number, over: object = {}): string {
  const data = JSON.parse(otlpLine());
  const [span] = data.resourceSpans[0].scopeSpans[0].spans;
  span.attributes.push({ key: "note", value: { stringValue: "lorem ipsum ".repeat(size / 12) } });
  Object.assign(span, over);
  return JSON.stringify(data);
}

const odd = {
  "unknown fields": { colour: "red", "a\nb": [1] },
  "attributes of every form": {
    attributes: [
      { key: "text", value: { stringValue: "\u00e9\ud83d\ude00\u0000" } },
      { key: "integer", value: { intValue: "9007199254740993" } },
      { key: "double", value: { doubleValue: 0.1 } },
      { key: "boolean", value: { boolValue: false } },
      { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, { intValue: 1 }] } } },
      { key: "pairs", value: { kvlistValue: { values: [{ key: "k", value: { bytesValue: "AA==" } }] } } },
      { key: "empty", value: {} },
      { key: "none" },
      { value: { stringValue: "value first" }, key: "order" },
      { key: "two", value: { stringValue: "a", intValue: 1 } },
      { key: "more", value: { stringValue: "a" }, description: "b" },
      { key: "line\nbreak", value: { stringValue: "a" } },
      { key: "null", value: null },
      { key: "unknown", value: { futureValue: 1 } },
      {},
    ],
  },
  "attributes twice in another order": {
    attributes: [
      { key: "b", value: { stringValue: "1" } },
      { key: "a", value: { intValue: 1 } },
    ],
  },
  "events, links and a status": {
    status: { code: 2, message: "no" },
    events: [{ name: "exception", attributes: [{ key: "exception.type", value: { stringValue: "E" } }] }],
    links: [{ traceId: "c".repeat(32), spanId: "d".repeat(16) }],
  },
};

const bad = ["{truncated", "[1]", '{"a":1}', line(10, { spanId: "nope" })];

let content = "";
let large = "";
beforeAll(() => {
  const lines: string[] = [];
  for (let n = 0; n < 1000; n++) {
    lines.push(line(10_000));
    if (n % 400 === 5) lines.push(...bad, ...Object.values(odd).map((over) => line(10, over)));
  }
  content = `${lines.join("\n")}\n`;
  large = write("large.jsonl", content);
});
afterAll(remove);

async function* nothing(): AsyncGenerator<Buffer> {}

async function collect(steps: AsyncIterable<ReadStep>): Promise<ReadStep[]> {
  const all: ReadStep[] = [];
  for await (const step of steps) all.push(step);
  return all;
}

describe("the thread that reads a large import", () => {
  test("hands over what would be read without it, resources and scopes by reference", async () => {
    const thread = startReaderThread([large], reader);
    expect(await thread.ready).toBe(true);
    const handedOver = await collect(thread.steps(nothing()));
    const files = [large];
    expect(handedOver).toEqual(await collect(readFiles(files, () => fromChunks(nothing()), await openPreparer())));
    expect(handedOver.length).toBeGreaterThan(1);
    expect(JSON.stringify(handedOver)).toContain("value first");
    await thread.stop();
  });

  test("keeps every odd span as it was written", async () => {
    const lines = Object.values(odd).map((over) => line(10, over));
    const thread = startReaderThread([write("odd.jsonl", `${lines.join("\n")}\n`)], reader);
    const [step] = await collect(thread.steps(nothing()));
    const spans = step && "batch" in step ? step.batch.spans : [];
    const written = lines.map((text) => JSON.parse(text).resourceSpans[0].scopeSpans[0].spans[0]);
    expect(spans.map(({ span }) => JSON.stringify(span))).toEqual(written.map((span) => JSON.stringify(span)));
    await thread.stop();
  });

  test("says when it cannot be started", async () => {
    const thread = startReaderThread([large], new URL("missing.cjs", import.meta.url));
    expect(await thread.ready).toBe(false);
    await thread.stop();
  });

  test("tells a file that cannot be opened after those before it", async () => {
    const thread = startReaderThread([write("one.jsonl", line(10)), path("gone.jsonl")], reader);
    const steps = thread.steps(nothing());
    expect((await steps.next()).value).toMatchObject({ file: 0, batch: { requests: [{ line: 1, spans: 1 }] } });
    await expect(steps.next()).rejects.toMatchObject({ code: "ENOENT", syscall: "open" });
    await thread.stop();
  });
});

describe("a large import", () => {
  const told = (db: string, { stdout, stderr, code }: { stdout: string; stderr: string; code: number | null }) => ({
    code,
    stdout: stdout.replace(/ in [\d.]+ s into .*/, ""),
    stderr: stderr.replaceAll(db, "DB"),
  });
  const exported = async (db: string, env = {}) =>
    (await run(["export", "--db", db], { env })).stdout.split("\n").sort().join("\n");

  test("on two threads stores and tells the same as on one", async () => {
    const [two, one] = [path("two.db"), path("one.db")];
    const sqljs = { AGENSIGHT_SQLITE: "sqljs" };
    const results = [
      told(two, await run(["import", large, "--db", two])),
      told(one, await run(["import", large, "--db", one], { env: sqljs })),
    ];
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.code).toBe(3);
    expect(results[0]?.stdout).toContain("imported 1,012 spans (12 bad lines skipped)");
    expect(results[0]?.stderr).toContain(`${large}:7: not JSON`);
    expect(results[0]?.stderr).toContain(`${large}:10: span nope: spanId is not 16 hex digits`);
    expect(await exported(two)).toBe(await exported(one, sqljs));
  });

  test("comes from stdin as well, plain and packed, between files", async () => {
    const small = write("small.jsonl", line(10));
    const plain = await run(["import", small, "-", small, "--db", path("stdin.db")], { stdin: content });
    expect(plain.stdout).toContain("imported 1,014 spans (1 there already, 12 bad lines skipped)");
    expect(plain.stderr).toContain("stdin:7: not JSON");
    const packed = await run(["import", "-", "--db", path("packed.db")], { stdin: gzipSync(content, { level: 0 }) });
    expect(packed.stdout).toContain("imported 1,012 spans (12 bad lines skipped)");
  });

  test("keeps what came before the end of a truncated file", async () => {
    const whole = gzipSync(content, { level: 0 });
    const file = write("cut.gz", whole.subarray(0, whole.length - 1000));
    const { code, stdout, stderr } = await run(["import", file, "--db", path("cut.db")]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/imported \d+ spans/);
    expect(stderr).toContain("cut.gz: cannot be read on: unexpected end of file");
  });

  test("into a store that cannot be written ends with the store's error", async () => {
    const { code, stderr } = await run(["import", "-", "--db", write("no.db", "x".repeat(200))], { stdin: content });
    expect(code).toBe(1);
    expect(stderr).toContain("not an SQLite file");
  });
});
