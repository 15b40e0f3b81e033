import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { makeHome, otlpLine } from "./agensight.js";

const { path, run, remove } = makeHome();
afterAll(remove);

const day = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * day);

async function traces(db: string): Promise<number> {
  return JSON.parse((await run(["doctor", "--json", "--db", db])).stdout).store.traces;
}

describe("agensight prune", () => {
  test("removes what is older than --keep, of one service where it is named", async () => {
    const db = path("old.db");
    const recorded = [
      otlpLine({ start: daysAgo(40) }),
      otlpLine({ start: daysAgo(40), service: "other" }),
      otlpLine({ start: daysAgo(1) }),
    ];
    await run(["import", "-", "--db", db], { stdin: recorded.join("\n") });
    const first = await run(["prune", "--db", db, "--keep", "30d", "--service", "shop"]);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain("removed 1 trace from");
    expect(await traces(db)).toBe(2);
    expect((await run(["prune", "--db", db, "--keep", "30d"])).stdout).toContain("removed 1 trace from");
    expect((await run(["prune", "--db", db, "--keep", "30d"])).stdout).toContain("removed 0 traces from");
    expect(await traces(db)).toBe(1);
  });

  test("tells the size that the file has then, which is smaller", async () => {
    const db = path("shrunk.db");
    const recorded = Array.from({ length: 400 }, (_, i) =>
      otlpLine({ start: daysAgo(40), name: `step ${createHash("sha512").update(String(i)).digest("hex")}` }),
    );
    await run(["import", "-", "--db", db], { stdin: recorded.join("\n") });
    const before = statSync(db).size;
    const { stdout } = await run(["prune", "--db", db, "--keep", "30d"]);
    const told = /; (\d+) KB before, (\d+) KB now/.exec(stdout)?.slice(1).map(Number) as [number, number];
    expect(told[0]).toBeCloseTo(before / 1000, -1);
    expect(told[1]).toBeCloseTo(statSync(db).size / 1000, -1);
    expect(statSync(db).size).toBeLessThan(before);
  });

  test("without limits it enforces what the store was told to keep", async () => {
    const db = path("rule.db");
    await run(["import", "-", "--db", db, "--keep", "1000d"], { stdin: otlpLine({ start: daysAgo(100) }) });
    await run(["import", "-", "--db", db], { stdin: otlpLine({ start: daysAgo(2000), service: "no rule" }) });
    expect((await run(["prune", "--db", db])).stdout).toContain("removed 0 traces");
    expect(await traces(db)).toBe(2);
  });

  test("--service without a limit is wrong usage; a missing store is an error and none is made", async () => {
    expect((await run(["prune", "--service", "shop"])).code).toBe(2);
    const { code, stderr } = await run(["prune", "--keep", "1d", "--db", path("absent.db")]);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no store at");
  });
});

describe("agensight import --keep", () => {
  test("forgets at once what is older", async () => {
    const db = path("kept.db");
    await run(["import", "-", "--db", db, "--keep", "30d"], {
      stdin: `${otlpLine({ start: daysAgo(40) })}\n${otlpLine({ start: daysAgo(1) })}`,
    });
    expect(await traces(db)).toBe(1);
  });
});

describe("agensight reprice", () => {
  test("prices every call anew and leaves right prices as they are", async () => {
    const db = path("priced.db");
    await run(["import", "-", "--db", db], { stdin: otlpLine() });
    const { code, stdout } = await run(["reprice", "--db", db]);
    expect(code).toBe(0);
    expect(stdout).toContain("priced 0 calls anew in 1 span of");
  });

  test("a missing store is an error and none is made", async () => {
    const { code, stderr } = await run(["reprice", "--db", path("absent.db")]);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no store at");
  });
});
