import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { makeHome, otlpLine } from "./agensight.js";

const { path, write, run, remove } = makeHome();
afterAll(remove);

let db = "";
let n = 0;
beforeEach(() => {
  db = path(`import-${++n}.db`);
});

const load = (args: string[], stdin?: string | Buffer) =>
  run(["import", ...args, "--db", db], stdin === undefined ? {} : { stdin });

async function holds(): Promise<{ spans: number; traces: number; unsettled_traces: number; unindexed_spans: number }> {
  return JSON.parse((await run(["doctor", "--json", "--db", db])).stdout).store;
}

const lines = (count: number) => Array.from({ length: count }, () => otlpLine()).join("\n");

describe("agensight import", () => {
  test("reads lines of OTLP/JSON and leaves nothing to sum up or index", async () => {
    const { code, stdout, stderr } = await load([write("a.jsonl", `${lines(5)}\n`)]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^imported 5 spans in [\d.]+ s into .*import-1\.db\n$/);
    expect(await holds()).toMatchObject({ spans: 5, traces: 5, unsettled_traces: 0, unindexed_spans: 0 });
  });

  test("reads several files, gzip whatever its name is, and files without a last newline", async () => {
    const files = [
      write("b.jsonl", lines(2)),
      write("c.gz", gzipSync(`${lines(3)}\n`)),
      write("d.jsonl", gzipSync(lines(4))),
    ];
    expect((await load(files)).code).toBe(0);
    expect(await holds()).toMatchObject({ spans: 9 });
  });

  test("reads stdin, plain and gzip", async () => {
    expect((await load(["-"], `${lines(2)}\n`)).stdout).toContain("imported 2 spans");
    expect((await load(["-"], gzipSync(lines(3)))).stdout).toContain("imported 3 spans");
    expect(await holds()).toMatchObject({ spans: 5 });
  });

  test("reads what stdin delivers in pieces, gzip of several members too", async () => {
    expect((await load(["-"], Buffer.concat([gzipSync(`${lines(2)}\n`), gzipSync(lines(2))]))).stdout).toContain(
      "imported 4 spans",
    );
  });

  test.each([
    ["one pretty-printed document", () => JSON.stringify(JSON.parse(otlpLine()), null, 2), 1],
    [
      "a pretty-printed array",
      () =>
        JSON.stringify(
          [otlpLine(), otlpLine()].map((line) => JSON.parse(line)),
          null,
          2,
        ),
      2,
    ],
    ["an array on one line", () => `[${otlpLine()},${otlpLine()},${otlpLine()}]`, 3],
    ["an array with a document a line", () => `[\n${otlpLine()},\n${otlpLine()}\n]\n`, 2],
    ["Windows line ends, blank lines and a byte order mark", () => `\uFEFF${otlpLine()}\r\n\r\n${otlpLine()}\r\n`, 2],
  ])("reads %s", async (_what, content, spans) => {
    const { code, stdout, stderr } = await load([write("form.json", content())]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`imported ${spans} span`);
  });

  test("names file and line of what is bad, keeps the rest and ends with 3", async () => {
    const refused = otlpLine({ spanId: "nope" });
    const file = write(
      "bad.jsonl",
      [
        otlpLine(),
        "{truncated",
        otlpLine(),
        "[1]",
        '{"a":1}',
        refused,
        '{"resourceSpans":[{"scopeSpans":7}]}',
        otlpLine(),
      ].join("\n"),
    );
    const { code, stdout, stderr } = await load([file]);
    expect(code).toBe(3);
    expect(stdout).toContain("imported 3 spans (4 bad lines skipped)");
    expect(stderr).toContain(`${file}:2: not JSON`);
    expect(stderr).toContain(`${file}:4: no OTLP/JSON`);
    expect(stderr).toContain(`${file}:5: no OTLP/JSON`);
    expect(stderr).toMatch(/bad\.jsonl:6: span nope: spanId is not 16 hex digits/);
  });

  test("of a line that is not JSON nothing is printed: it may be private", async () => {
    const { stderr } = await load([
      write("private.jsonl", 'ann@example.com\n{"to": ann@example.com}\n{"to": "ann@example.com}\n'),
    ]);
    expect(stderr.match(/not JSON: \w+/g)).toHaveLength(3);
    expect(stderr).not.toContain("ann@");
  });

  test("a bad first line does not make the file one document", async () => {
    const { code, stdout, stderr } = await load([write("first.jsonl", `{"cut": \n${lines(3)}\n`)]);
    expect(code).toBe(3);
    expect(stdout).toContain("imported 3 spans");
    expect(stderr).toContain("first.jsonl:1: not JSON");
  });

  test("tells twenty bad lines and counts the others", async () => {
    const { code, stdout, stderr } = await load(["-"], "x\n".repeat(500));
    expect(code).toBe(3);
    expect(stdout).toContain("500 bad lines skipped");
    expect(stderr.trim().split("\n")).toHaveLength(21);
  });

  test("keeps what came before the end of a truncated gzip file", async () => {
    const whole = gzipSync(`${lines(2)}\n${"x".repeat(9)}`);
    const { code, stderr } = await load([
      write("cut.gz", whole.subarray(0, whole.length - 12)),
      write("whole.jsonl", lines(3)),
    ]);
    expect(code).toBe(3);
    expect(stderr).toContain("cut.gz:2:");
    expect((await holds()).spans).toBeGreaterThanOrEqual(4);
  });

  test("importing again adds nothing and says so", async () => {
    const file = write("twice.jsonl", lines(3));
    await load([file]);
    expect((await load([file])).stdout).toContain("imported 3 spans (all there already)");
    expect(await holds()).toMatchObject({ spans: 3 });
  });

  test("a line of 50 MB survives", async () => {
    const text = "lorem ipsum ".repeat(4_200_000);
    const line = JSON.parse(otlpLine());
    line.resourceSpans[0].scopeSpans[0].spans[0].attributes.push({ key: "note", value: { stringValue: text } });
    const { code, stdout } = await load([
      write("long.jsonl", `${otlpLine()}\n${JSON.stringify(line)}\n${otlpLine()}\n`),
    ]);
    expect([code, stdout.slice(0, 16)]).toEqual([0, "imported 3 spans"]);
  });

  test("counts metrics of a collector's file without calling them bad", async () => {
    const { code, stdout } = await load(["-"], `${otlpLine()}\n{"resourceMetrics":[]}\n`);
    expect(code).toBe(0);
    expect(stdout).toContain("left out: 1");
  });

  test("an empty file is nothing, and no error", async () => {
    expect(await load([write("empty.jsonl", "")])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("imported 0 spans"),
    });
  });

  test.each([
    ["a missing file", () => path("none.jsonl"), "there is no file"],
    ["a folder", () => path("."), "is a folder"],
  ])("%s is an error before anything is written", async (_what, file, message) => {
    const { code, stderr } = await load([write("ok.jsonl", otlpLine()), file()]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(existsSync(db)).toBe(false);
  });

  test("a file that is no store is left as it is", async () => {
    db = write("notes.txt", "my notes, longer than a header of SQLite has bytes");
    const { code, stderr } = await load(["-"], otlpLine());
    expect(code).toBe(1);
    expect(stderr).toContain("not an SQLite file");
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
