import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bin, corpusFolder, environment, makeHome, otlpLine } from "./agensight.js";

const { path, write, run, remove } = makeHome();
afterAll(remove);

const corpus = readdirSync(corpusFolder)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => join(corpusFolder, name));

type Item = { spanId?: string; traceId?: string };
type Group = { resource?: unknown; schemaUrl?: string; [list: string]: unknown };

/** Every span and log record with its resource and scope, as sorted texts, however they are grouped. */
function items(text: string): string[] {
  const out: string[] = [];
  for (const line of text.split("\n").filter(Boolean)) {
    const request = JSON.parse(line);
    for (const [outer, middle, inner] of [
      ["resourceSpans", "scopeSpans", "spans"],
      ["resourceLogs", "scopeLogs", "logRecords"],
    ] as const)
      for (const group of (request[outer] ?? []) as Group[])
        for (const scope of (group[middle] ?? []) as Group[])
          for (const item of (scope[inner] ?? []) as Item[])
            out.push(JSON.stringify([inner, group.resource, group.schemaUrl, scope.scope, scope.schemaUrl, item]));
  }
  return out.sort();
}

describe("agensight export", () => {
  const db = path("corpus.db");
  beforeAll(async () => {
    expect((await run(["import", ...corpus, "--db", db])).code).toBe(0);
  });

  test("gives every span of the corpus back as it was, and imported and exported again the same bytes", async () => {
    const original = items(corpus.map((file) => readFileSync(file, "utf8")).join("\n"));
    const first = await run(["export", "--db", db]);
    expect(first.code).toBe(0);
    expect(items(first.stdout).filter((item) => item.startsWith('["spans"'))).toEqual(
      original.filter((item) => item.startsWith('["spans"')),
    );

    const again = path("again.db");
    await run(["import", "-", "--db", again], { stdin: first.stdout });
    const second = await run(["export", "--db", again]);
    expect(second.stdout).toBe(first.stdout);
  });

  test("gives the log records back that carry messages", async () => {
    const original = items(corpus.map((file) => readFileSync(file, "utf8")).join("\n")).filter((item) =>
      item.startsWith('["logRecords"'),
    );
    const exported = items((await run(["export", "--db", db])).stdout).filter((item) =>
      item.startsWith('["logRecords"'),
    );
    expect(exported.length).toBeGreaterThan(0);
    for (const item of exported) expect(original).toContain(item);
  });

  test("--out writes a file, compressed where its name ends in .gz, and nothing to stdout", async () => {
    const plain = await run(["export", "--db", db, "--out", path("all.jsonl")]);
    expect([plain.code, plain.stdout]).toEqual([0, ""]);
    expect(plain.stderr).toContain("exported 687 spans");
    await run(["export", "--db", db, "--out", path("all.jsonl.gz")]);
    expect(gunzipSync(readFileSync(path("all.jsonl.gz"))).toString()).toBe(readFileSync(path("all.jsonl"), "utf8"));
    expect(readdirSync(path(".")).filter((name) => name.includes("partial"))).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/full"))("says so when stdout cannot be written", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [bin, "export", "--db", db], {
      env: environment({ AGENSIGHT_HOME: path(".") }),
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect(status).toBe(1);
    expect(stderr).toContain("ENOSPC");
  });

  test("a filter takes some of it", async () => {
    const some = path("some.db");
    const trace = "c".repeat(32);
    const day = (date: string) => new Date(`${date}T12:00:00Z`);
    const recorded = [
      otlpLine({ service: "a", session: "s1", start: day("2026-11-01") }),
      otlpLine({ service: "b", session: "s2", start: day("2026-11-10"), traceId: trace }),
      otlpLine({ service: "a", session: "s2", start: day("2026-11-20") }),
    ];
    await run(["import", "-", "--db", some], { stdin: recorded.join("\n") });
    const count = async (...filter: string[]) => items((await run(["export", "--db", some, ...filter])).stdout).length;
    expect(await count()).toBe(3);
    expect(await count("--service", "a")).toBe(2);
    expect(await count("--session", "s2")).toBe(2);
    expect(await count("--trace", trace.slice(0, 8))).toBe(1);
    expect(await count("--since", "2026-11-05")).toBe(2);
    expect(await count("--since", "2026-11-05", "--until", "2026-11-15T00:00:00Z")).toBe(1);
    expect(await count("--service", "nobody")).toBe(0);
  });

  test.each([
    [["--format", "csv"], 2, "the format is otlp"],
    [["--since", "yesterday"], 2, "is no time"],
    [["--since", "1h", "--until", "2h"], 2, "not before"],
    [["--out", db], 2, "the store itself"],
    [["--trace", "ffffffffffff"], 1, "ffffffffffff"],
  ])("%j is refused with a reason", async (args, code, message) => {
    const refused = await run(["export", "--db", db, ...args]);
    expect([refused.code, refused.stdout]).toEqual([code, ""]);
    expect(refused.stderr.toLowerCase()).toContain(message);
  });

  test("a target that cannot be written is an error and leaves nothing behind", async () => {
    const { code, stderr } = await run(["export", "--db", db, "--out", path("no/such/folder/x.jsonl")]);
    expect(code).toBe(1);
    expect(stderr).toContain("ENOENT");
  });

  test("without a store there is an error, and none is made", async () => {
    const { code, stderr } = await run(["export", "--db", path("absent.db")]);
    expect(code).toBe(1);
    expect(stderr).toContain("absent.db");
    expect(existsSync(path("absent.db"))).toBe(false);
  });

  test("keeps a 50 KB text with every kind of character", async () => {
    const odd = path("odd.db");
    const text = `"\\ \u0000 \u2028 é 漢字 😀 ${"x".repeat(50_000)}`;
    const line = JSON.parse(otlpLine());
    line.resourceSpans[0].scopeSpans[0].spans[0].attributes.push({ key: "note", value: { stringValue: text } });
    await run(["import", write("odd.jsonl", JSON.stringify(line)), "--db", odd]);
    const back = JSON.parse((await run(["export", "--db", odd])).stdout);
    expect(back.resourceSpans[0].scopeSpans[0].spans[0].attributes.at(-1).value.stringValue).toBe(text);
  });
});
