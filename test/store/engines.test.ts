/** What every engine promises to the rest of the store. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Engine, EngineName, SqlValue } from "../../src/store/engines/engine.js";
import { openEngine } from "../../src/store/engines/open-engine.js";
import { openForReading, openForWriting } from "../../src/store/open-store.js";
import { availableEngines, familyOf, nativeEngines } from "./available-engines.js";
import { startProgram } from "./run-program.js";
import { newStorePath, temporaryFolder } from "./temporary-folder.js";

async function openTable(engine: EngineName, path = join(temporaryFolder(), "t.db")): Promise<Engine> {
  const opened = await openEngine({ path, readOnly: false, engine });
  opened.exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v)");
  opened.sync();
  return opened;
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return undefined;
}

async function codeOfPromise(work: Promise<{ close(): void }>): Promise<string | undefined> {
  try {
    (await work).close();
  } catch (error) {
    expect(error).toMatchObject({ name: "AgensightError" });
    return (error as { code?: string }).code;
  }
  return undefined;
}

describe.each(availableEngines)("on %s", (engine) => {
  const family = familyOf(engine);

  test("a new store's file is private to its user, and so is the folder made for it", async () => {
    const path = join(temporaryFolder(), "new", "folder", "traces.db");
    const opened = await openForWriting(path, { engine });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    opened.transaction(() => opened.run("INSERT INTO meta VALUES ('test', 1)"));
    opened.sync();
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      if (existsSync(file)) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
    }
    opened.close();
  });

  test("a folder that was there keeps its mode", async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    (await openForWriting(join(folder, "traces.db"), { engine })).close();
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  });

  test("values of every kind come back as they went in, from get and from all", async () => {
    const opened = await openTable(engine);
    const values: SqlValue[] = [
      null,
      "",
      "plain",
      "emoji 👩‍🚀 and ünïcödé",
      0,
      -1,
      2 ** 31,
      2 ** 53 - 1,
      -(2 ** 53 - 1),
      0.1,
      1e-300,
      new Uint8Array([]),
      new Uint8Array([0, 1, 255]),
    ];
    for (const [id, value] of values.entries()) opened.run("INSERT INTO t VALUES (?, ?)", [id, value]);
    const all = opened.all("SELECT v FROM t ORDER BY id").map((row) => row.v);
    const single = values.map((_, id) => opened.get("SELECT v FROM t WHERE id = ?", [id])?.v);
    for (const found of [all, single]) {
      for (const [id, value] of values.entries()) {
        if (value instanceof Uint8Array) {
          expect(found[id]).toBeInstanceOf(Uint8Array);
          expect([...found[id]]).toEqual([...value]);
        } else expect(found[id]).toBe(value);
      }
    }
    opened.close();
  });

  test("integers of time columns are integers in SQL, too", async () => {
    const opened = await openEngine({ path: ":memory:", readOnly: false, engine });
    opened.exec("CREATE TABLE times (us INTEGER)");
    opened.run("INSERT INTO times VALUES (?)", [1_794_297_600_123_456]);
    expect(opened.get("SELECT typeof(us) AS type, us / 1000000 AS s FROM times")).toMatchObject({
      type: "integer",
      s: 1_794_297_600,
    });
    opened.close();
  });

  test("a NUL in a text is stored whole, and half an emoji does no harm", async () => {
    const opened = await openTable(engine);
    opened.run("INSERT INTO t VALUES (1, ?)", ["a\0b"]);
    const bytes = opened.get("SELECT cast(v AS blob) AS v FROM t WHERE id = 1")?.v as Uint8Array;
    expect([...bytes]).toEqual([97, 0, 98]);
    opened.run("INSERT INTO t VALUES (2, ?)", ["half \ud83d."]);
    expect(opened.get("SELECT v FROM t WHERE id = 2")?.v).toMatch(/^half .+\.$/u);
    opened.close();
  });

  test.each([
    ["a boolean", true],
    ["undefined", undefined],
    ["an object", {}],
    ["a BigInt past 64 bits", 2n ** 70n],
  ])("%s as a parameter is an error, never a crash", async (_, value) => {
    const opened = await openTable(engine);
    const refused = codeOf(() => opened.run("INSERT INTO t VALUES (1, ?)", [value as unknown as SqlValue]));
    // what an engine takes instead must be a value that SQLite knows
    if (refused === undefined) expect(opened.get("SELECT typeof(v) AS type FROM t")?.type).toMatch(/null|integer|text/);
    else expect(refused).toBe("internal");
    opened.run("INSERT INTO t VALUES (2, 'still works')");
    expect(opened.get("SELECT v FROM t WHERE id = 2")?.v).toBe("still works");
    opened.close();
  });

  test("rows are plain objects whose keys are the columns", async () => {
    const opened = await openTable(engine);
    opened.run("INSERT INTO t VALUES (1, 'x')");
    expect(Object.keys(opened.all("SELECT id, v AS value FROM t")[0] ?? {})).toEqual(["id", "value"]);
    expect(opened.get("SELECT id FROM t WHERE id = 9")).toBeUndefined();
    opened.close();
  });

  test("a transaction is kept when it ends and undone when it throws", async () => {
    const opened = await openTable(engine);
    expect(
      opened.transaction(() => {
        opened.run("INSERT INTO t VALUES (1, 'kept')");
        return "result";
      }),
    ).toBe("result");
    expect(() =>
      opened.transaction(() => {
        opened.run("INSERT INTO t VALUES (2, 'undone')");
        throw new Error("changed my mind");
      }),
    ).toThrow("changed my mind");
    expect(opened.all("SELECT id FROM t").map((row) => row.id)).toEqual([1]);
    opened.transaction(() => opened.run("INSERT INTO t VALUES (3, 'after')"));
    expect(opened.get("SELECT count(*) AS n FROM t")?.n).toBe(2);
    opened.close();
  });

  test("transactions do not nest, and the outer one can still be kept", async () => {
    const opened = await openTable(engine);
    opened.transaction(() => {
      opened.run("INSERT INTO t VALUES (1, 'outer')");
      expect(codeOf(() => opened.transaction(() => {}))).toBe("internal");
    });
    expect(opened.get("SELECT count(*) AS n FROM t")?.n).toBe(1);
    opened.close();
  });

  test("a failing statement names the file and leaves the engine usable", async () => {
    const opened = await openTable(engine);
    opened.run("INSERT INTO t VALUES (1, 'x')");
    expect(() => opened.run("INSERT INTO t VALUES (1, 'again')")).toThrow(opened.path);
    expect(codeOf(() => opened.all("SELECT nonsense FROM nowhere"))).toBe("internal");
    expect(opened.get("SELECT count(*) AS n FROM t")?.n).toBe(1);
    opened.close();
  });

  test("after close another process can write, and closing twice is no error", async () => {
    const path = join(temporaryFolder(), "t.db");
    const opened = await openTable(engine, path);
    opened.all("SELECT * FROM t");
    opened.exec("BEGIN IMMEDIATE");
    opened.exec("ROLLBACK");
    opened.close();
    expect(codeOf(() => opened.close())).toBeUndefined();
    const program = await startProgram("use-engine", { path, engine, sql: "INSERT INTO t VALUES (1, 'theirs')" });
    await program.line((line) => line === "ready");
    program.child.stdin?.write("\n");
    expect(await program.ended).toBe(0);
    const again = await openTable(engine, path);
    expect(again.get("SELECT v FROM t")?.v).toBe("theirs");
    again.close();
  });

  test("what is asked after close is a clear error", async () => {
    const opened = await openTable(engine);
    opened.close();
    expect(codeOf(() => opened.get("SELECT 1 AS n"))).toBe("internal");
  });

  describe("refuses what is no store of ours", () => {
    const open = (path: string) => codeOfPromise(openForWriting(path, { engine }));
    const read = (path: string) => codeOfPromise(openForReading(path, { engine }));

    test("a text file, which stays as it was", async () => {
      const path = newStorePath();
      const text = "These are my notes, and no database at all.\n".repeat(50);
      writeFileSync(path, text);
      expect([await open(path), await read(path)]).toEqual(["not_a_store", "not_a_store"]);
      expect(readFileSync(path, "utf8")).toBe(text);
    });

    test("an SQLite file of another program", async () => {
      const path = newStorePath();
      (await openTable(engine, path)).close();
      expect([await open(path), await read(path)]).toEqual(["not_a_store", "not_a_store"]);
    });

    test("a file that a newer version wrote", async () => {
      const path = newStorePath();
      const opened = await openForWriting(path, { engine });
      opened.exec("PRAGMA user_version=999");
      opened.close();
      expect([await open(path), await read(path)]).toEqual(["newer_file", "newer_file"]);
    });

    test("a folder", async () => {
      const path = newStorePath();
      mkdirSync(path);
      expect([await open(path), await read(path)]).toEqual(["bad_input", "bad_input"]);
    });

    test("a store that was cut off in the middle", async () => {
      const path = newStorePath();
      const opened = await openForWriting(path, { engine });
      opened.transaction(() => {
        for (let i = 0; i < 200; i++) opened.run("INSERT INTO string (text) VALUES (?)", [`${i}${"x".repeat(2000)}`]);
      });
      if (family === "native") opened.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      opened.close();
      truncateSync(path, Math.floor(statSync(path).size / 2) + 77);
      const refused = await open(path);
      if (refused === undefined) {
        const half = await openForReading(path, { engine });
        expect(codeOf(() => half.all("SELECT text FROM string ORDER BY text"))).toBe("not_a_store");
        half.close();
      } else expect(refused).toBe("not_a_store");
    });

    test("a file that is not there, when only questions are asked", async () => {
      const path = newStorePath();
      expect(await read(path)).toBe("not_found");
      expect(existsSync(path)).toBe(false);
    });

    test("an empty file, when only questions are asked; a writer makes a store of it", async () => {
      const path = newStorePath();
      writeFileSync(path, "");
      expect(await read(path)).toBe("not_found");
      expect(await open(path)).toBeUndefined();
      expect(await read(path)).toBeUndefined();
    });
  });

  test.skipIf(family === "sqljs" ? nativeEngines.length === 0 : !availableEngines.includes("sqljs"))(
    "the other family of engines refuses the file, says what to do, and changes nothing",
    async () => {
      const path = newStorePath();
      (await openForWriting(path, { engine })).close();
      const before = readFileSync(path);
      const other = family === "sqljs" ? (nativeEngines[0] as EngineName) : "sqljs";
      for (const opening of [openForWriting(path, { engine: other }), openForReading(path, { engine: other })]) {
        await expect(opening).rejects.toMatchObject({
          code: "wrong_engine",
          hint: expect.stringMatching(/export.*import/),
        });
      }
      expect(readFileSync(path).equals(before)).toBe(true);
      (await openForWriting(path, { engine })).close();
    },
  );

  test("an engine that is opened to read cannot write", async () => {
    const path = newStorePath();
    (await openForWriting(path, { engine })).close();
    const reading = await openEngine({ path, engine, readOnly: true });
    expect(reading.get("SELECT value FROM meta WHERE key = 'engine_family'")?.value).toBe(family);
    if (family === "native") expect(codeOf(() => reading.run("INSERT INTO meta VALUES ('x', 1)"))).toBe("read_only");
    reading.close();
    const after = await openForReading(path, { engine });
    expect(after.get("SELECT value FROM meta WHERE key = 'x'")).toBeUndefined();
    after.close();
  });
});

describe.each(nativeEngines)("on %s, which shares its file", (engine) => {
  test("the data version changes with a foreign commit, and not with one's own", async () => {
    const path = join(temporaryFolder(), "t.db");
    const one = await openTable(engine, path);
    const two = await openTable(engine, path);
    const before = one.dataVersion();
    one.run("INSERT INTO t VALUES (1, 'mine')");
    expect(one.dataVersion()).toBe(before);
    two.run("INSERT INTO t VALUES (2, 'foreign')");
    expect(one.dataVersion()).not.toBe(before);
    expect(one.refresh()).toBe(false);
    one.close();
    two.close();
  });

  test("a lock of another process is waited for, and told after the timeout", async () => {
    const path = newStorePath();
    (await openForWriting(path, { engine })).close();
    const program = await startProgram("use-engine", { path, engine, sql: "BEGIN IMMEDIATE" });
    await program.line((line) => line === "ready");
    const impatient = await openForWriting(path, { engine, timeout: 50 });
    await expect(async () => impatient.transaction(() => {})).rejects.toMatchObject({
      code: "busy",
      message: expect.stringContaining(path),
    });
    // reading goes on meanwhile
    expect(impatient.get("SELECT count(*) AS n FROM trace")?.n).toBe(0);
    impatient.close();
    const patient = await openForWriting(path, { engine, timeout: 20_000 });
    program.child.stdin?.write("\n");
    patient.transaction(() => patient.run("INSERT INTO meta VALUES ('waited', 1)"));
    expect(patient.get("SELECT value FROM meta WHERE key = 'waited'")?.value).toBe(1);
    patient.close();
    expect(await program.ended).toBe(0);
  });

  test("a writer that was killed in the middle of a transaction leaves neither lock nor half of it", async () => {
    const path = newStorePath();
    (await openForWriting(path, { engine })).close();
    const sql = "BEGIN IMMEDIATE; INSERT INTO meta VALUES ('half', 1)";
    const program = await startProgram("use-engine", { path, engine, sql });
    await program.line((line) => line === "ready");
    program.child.kill("SIGKILL");
    expect(await program.ended).toBe("SIGKILL");
    const opened = await openForWriting(path, { engine, timeout: 2000 });
    opened.transaction(() => opened.run("INSERT INTO meta VALUES ('whole', 1)"));
    expect(opened.all("SELECT key FROM meta WHERE key IN ('half', 'whole')").map((row) => row.key)).toEqual(["whole"]);
    expect(opened.get("PRAGMA integrity_check")?.integrity_check).toBe("ok");
    opened.close();
  });

  test("closed in the middle of a transaction, it gives the lock back", async () => {
    const path = newStorePath();
    const opened = await openForWriting(path, { engine });
    expect(() =>
      opened.transaction(() => {
        opened.run("INSERT INTO meta VALUES ('half', 1)");
        opened.close();
      }),
    ).toThrow();
    const program = await startProgram("use-engine", { path, engine, sql: "BEGIN IMMEDIATE; COMMIT", timeout: 500 });
    await program.line((line) => line === "ready");
    program.child.stdin?.write("\n");
    expect(await program.ended).toBe(0);
  });

  test("a new store has the page size, vacuum mode and journal that the design asks for", async () => {
    const opened = await openForWriting(newStorePath(), { engine });
    expect(opened.get("PRAGMA page_size")?.page_size).toBe(8192);
    expect(opened.get("PRAGMA auto_vacuum")?.auto_vacuum).toBe(2);
    expect(opened.get("PRAGMA journal_mode")?.journal_mode).toBe("wal");
    expect(opened.get("PRAGMA synchronous")?.synchronous).toBeGreaterThanOrEqual(1);
    opened.close();
  });
});

test.skipIf(!(nativeEngines.includes("node") && nativeEngines.includes("libsql")))(
  "node:sqlite and libsql share a file",
  async () => {
    const path = newStorePath();
    const one = await openForWriting(path, { engine: "node" });
    const program = await startProgram("use-engine", {
      path,
      engine: "libsql",
      sql: "INSERT INTO meta VALUES ('by', 'libsql')",
    });
    await program.line((line) => line === "ready");
    expect(one.get("SELECT value FROM meta WHERE key = 'by'")?.value).toBe("libsql");
    one.transaction(() => one.run("UPDATE meta SET value = 'node' WHERE key = 'by'"));
    program.child.stdin?.write("\n");
    expect(await program.ended).toBe(0);
    expect(one.get("PRAGMA integrity_check")?.integrity_check).toBe("ok");
    one.close();
  },
);

describe.runIf(availableEngines.includes("sqljs"))("on sqljs, which holds its file in memory", () => {
  const engine = "sqljs";

  test("a second writing process is refused by the name of the first one, and may write when that has gone", async () => {
    const path = newStorePath();
    (await openForWriting(path, { engine })).close();
    const program = await startProgram("use-engine", { path, engine, sql: "INSERT INTO meta VALUES ('first', 1)" });
    await program.line((line) => line === "ready");
    await expect(openForWriting(path, { engine })).rejects.toMatchObject({
      code: "busy",
      message: expect.stringContaining(String(program.child.pid)),
    });
    program.child.stdin?.write("\n");
    expect(await program.ended).toBe(0);
    const opened = await openForWriting(path, { engine });
    expect(opened.get("SELECT value FROM meta WHERE key = 'first'")?.value).toBe(1);
    opened.close();
  });

  test("the lock of a process that was killed is taken over, and what it had saved is there", async () => {
    const path = newStorePath();
    (await openForWriting(path, { engine })).close();
    const program = await startProgram("use-engine", { path, engine, sql: "INSERT INTO meta VALUES ('saved', 1)" });
    await program.line((line) => line === "ready");
    program.child.kill("SIGKILL");
    await program.ended;
    expect(existsSync(`${path}.lock`)).toBe(true);
    const opened = await openForWriting(path, { engine });
    expect(opened.get("SELECT value FROM meta WHERE key = 'saved'")?.value).toBe(1);
    opened.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test("a lock that is held on another machine counts", async () => {
    const path = newStorePath();
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: 1, host: `not-${hostname()}`, nonce: "x" }));
    await expect(openForWriting(path, { engine })).rejects.toMatchObject({ code: "busy" });
  });

  test("a lock that another process is just making counts; one that was never finished does not", async () => {
    const path = newStorePath();
    writeFileSync(`${path}.lock`, "");
    await expect(openForWriting(path, { engine })).rejects.toMatchObject({ code: "busy" });
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(`${path}.lock`, longAgo, longAgo);
    (await openForWriting(path, { engine })).close();
  });

  test("of many processes that open one new file at once exactly one writes", async () => {
    const path = newStorePath();
    const sql = "CREATE TABLE IF NOT EXISTS t (v)";
    const programs = await Promise.all(
      Array.from({ length: 6 }, () => startProgram("use-engine", { path, engine, sql })),
    );
    const answers = await Promise.all(programs.map((program) => program.line(() => true)));
    expect(answers.filter((answer) => answer === "ready")).toHaveLength(1);
    expect(answers.filter((answer) => answer.includes("busy"))).toHaveLength(5);
    for (const program of programs) program.child.stdin?.end("\n");
    await Promise.all(programs.map((program) => program.ended));
  });

  test("readers need no lock and see what is saved meanwhile", async () => {
    const path = newStorePath();
    const writer = await openForWriting(path, { engine });
    const reader = await openForReading(path, { engine });
    const count = () => reader.get("SELECT count(*) AS n FROM string")?.n;
    expect(count()).toBe(0);
    writer.transaction(() => writer.run("INSERT INTO string (text) VALUES ('new')"));
    // in memory only, until it is made durable
    expect(reader.refresh()).toBe(false);
    writer.sync();
    const version = reader.dataVersion();
    expect(reader.refresh()).toBe(true);
    expect(reader.dataVersion()).not.toBe(version);
    expect(count()).toBe(1);
    expect(reader.refresh()).toBe(false);
    writer.close();
    reader.close();
  });
});
