import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { configSchema } from "../../src/cli/config.js";
import { makeHome, otlpLine } from "./agensight.js";

const { home, path, write, run, remove } = makeHome();
afterAll(remove);

/** Where a command would work, as doctor tells it. */
async function place(args: string[], env: Record<string, string> = {}): Promise<{ db: string; db_from: string }> {
  const { stdout } = await run(["doctor", "--json", ...args], { env });
  return JSON.parse(stdout);
}

describe("the store's place", () => {
  test("is traces.db in AGENSIGHT_HOME by default", async () => {
    expect(await place([])).toMatchObject({ db: path("traces.db"), db_from: "default" });
  });

  test("comes from the configuration, then the environment, then the flag", async () => {
    const config = write("place.json", JSON.stringify({ db: "stores/c.db" }));
    expect(await place(["--config", config])).toMatchObject({
      db: join(home, "stores/c.db"),
      db_from: "configuration",
    });
    const env = { AGENSIGHT_DB: path("e.db") };
    expect(await place(["--config", config], env)).toMatchObject({ db: path("e.db"), db_from: "AGENSIGHT_DB" });
    expect(await place(["--config", config, "--db", path("f.db")], env)).toMatchObject({
      db: path("f.db"),
      db_from: "--db",
    });
  });

  test("config.json in AGENSIGHT_HOME is read without being named", async () => {
    const other = path("other-home");
    mkdirSync(other);
    write("other-home/config.json", JSON.stringify({ db: "mine.db" }));
    expect(await place([], { AGENSIGHT_HOME: other })).toMatchObject({
      db: join(other, "mine.db"),
      db_from: "configuration",
    });
  });
});

describe("the configuration file", () => {
  test.each([
    [
      '{"dbb": "x.db"}',
      'unknown key "dbb" (did you mean "db"?)',
      "Valid keys here are $schema, db, retention, redaction, content, token.",
    ],
    ['{"retention": {"age": "3d"}}', 'unknown key "retention.age"', "max_age, max_size"],
    ['{"retention": {"max_age": "soon"}}', "retention.max_age: must be an age such as 30d or 12h", "Valid keys"],
    ['{"db": 3}', "db:", "Valid keys"],
    [
      '{"redaction": {"mod": "mask"}}',
      'unknown key "redaction.mod" (did you mean "mode"?)',
      "patterns, keys, custom, mode",
    ],
    ['{"redaction": {"patterns": ["emial"]}}', 'there is no pattern "emial" (did you mean "email"?)', "Valid keys"],
    ['{"redaction": {"custom": {"order": "("}}}', "redaction.custom.order: must be a regular expression", "Valid keys"],
    ['{"redaction": {"custom": ["a", "("]}}', "redaction.custom.1: must be a regular expression", "Valid keys"],
    ['{"redaction": {"custom": {"an order": "x"}}}', "must be named by letters, digits and _", "Valid keys"],
    ['{"redaction": {"custom": "x"}}', "must be an object of regular expressions by their names", "Valid keys"],
    ['{"redaction": {"mode": "hide"}}', "redaction.mode:", "Valid keys"],
    ["{db: 1}", "cannot read the configuration", "one JSON object"],
  ])("%s is refused with what is wrong and what is right", async (content, wrong, right) => {
    const { code, stdout, stderr } = await run(["doctor", "--config", write("bad.json", content)]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(wrong);
    expect(stderr).toContain(right);
  });

  test("that is named but missing is an error", async () => {
    const { code, stderr } = await run(["doctor", "--config", path("none.json")]);
    expect(code).toBe(2);
    expect(stderr).toContain("there is no configuration file");
  });

  test("sets the retention of what is imported, and the flag wins over it", async () => {
    const config = write(
      "keep.json",
      JSON.stringify({ db: "kept.db", retention: { max_age: "1000d", max_size: "1GB" } }),
    );
    const kept = async () => JSON.parse((await run(["doctor", "--json", "--config", config])).stdout).store.services[0];
    await run(["import", "-", "--config", config], { stdin: otlpLine({ start: new Date() }) });
    expect(await kept()).toMatchObject({ service: "shop", max_age_s: 86_400_000, max_bytes: 1e9 });
    await run(["import", "-", "--config", config, "--keep", "30d"], { stdin: otlpLine({ start: new Date() }) });
    expect(await kept()).toMatchObject({ max_age_s: 2_592_000, max_bytes: 1e9 });
  });
});

test("schemas/config.json is the configuration's schema (scripts/schemas.mjs writes it)", () => {
  expect(JSON.parse(readFileSync("schemas/config.json", "utf8"))).toEqual(configSchema());
});

test("AGENSIGHT_SQLITE that names no engine is wrong usage", async () => {
  const { code, stderr } = await run(["doctor"], { env: { AGENSIGHT_SQLITE: "mysql" } });
  expect(code).toBe(2);
  expect(stderr).toContain("node, libsql, sqljs");
});
