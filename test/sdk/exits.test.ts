import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openForWriting } from "../../src/store/open-store.js";
import { type Ended, infoOf, run, spansIn, startProgram, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const ways: [way: string, expected: Partial<Ended>][] = [
  ["natural end", { code: 0, signal: null }],
  ["process.exit", { code: 3, signal: null }],
  ["process.exitCode", { code: 4, signal: null }],
  ["uncaught exception", { code: 1, signal: null }],
  ["unhandled rejection", { code: 1, signal: null }],
  ["SIGTERM", { code: null, signal: "SIGTERM" }],
  ["SIGINT", { code: null, signal: "SIGINT" }],
  ["SIGTERM handled by the program", { code: 5, signal: null }],
  ["SIGTERM counted by another library", { code: null, signal: "SIGTERM" }],
];

describe.each(["started", "running"])("50 queued spans, the recorder just %s", (when) => {
  test.each(ways)("are saved at %s, which ends the program as ever", async (way, expected) => {
    const { code, signal, stdout } = await run("exits.mjs", { db: space.db, args: [way, when] });
    expect({ code, signal, stdout }).toEqual({ ...expected, stdout: "" });
    const names = (await spansIn(space.db)).map((span) => span.name).filter((name) => name !== "before");
    expect(names.sort()).toEqual(Array.from({ length: 50 }, (_, n) => `span ${n}`).sort());
  });
});

test("What flush() has promised survives SIGKILL", async () => {
  const { child, message, ended } = startProgram("killed.mjs", { db: space.db });
  expect(await message()).toBe("flushed");
  child.kill("SIGKILL");
  expect(await ended).toMatchObject({ signal: "SIGKILL" });
  expect(await infoOf(space.db)).toMatchObject({ spans: 200 });
});

test("A reader sees spans while the program goes on", async () => {
  const { child, message, ended } = startProgram("killed.mjs", { db: space.db });
  await message();
  expect(await infoOf(space.db)).toMatchObject({ spans: 200 });
  child.kill();
  await ended;
});

test("The recorder does not keep a program alive", async () => {
  expect(await run("idle.mjs", { db: space.db })).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(await infoOf(space.db)).toMatchObject({ spans: 1 });
});

test("A program that has ended leaves one file, readable by its user only", async () => {
  await run("idle.mjs", { db: space.db });
  const { readdirSync, statSync } = await import("node:fs");
  expect(readdirSync(`${space.folder}/store`)).toEqual(["traces.db"]);
  expect(statSync(space.db).mode & 0o777).toBe(0o600);
});

test("Where no thread can be had the program's own does the recording, and diag is told", async () => {
  const { code, stdout, stderr, messages } = await run("no-thread.mjs", { db: space.db, args: ["ws://127.0.0.1:9"] });
  expect({ code, stdout, messages }).toEqual({ code: 0, stdout: "", messages: ["flushed"] });
  expect(stderr).toContain("diag warn: agensight: no thread can be had");
  expect(stderr).toContain("diag warn: agensight: connectMcp needs a thread");
  expect((await spansIn(space.db)).map((span) => span.name)).toEqual(["flushed", "at the exit"]);
});

test("A recorder that dies is replaced, and what was flushed before stays", async () => {
  const { code, stdout, stderr, messages } = await run("dying-thread.mjs", { db: space.db });
  expect({ code, stdout, messages }).toEqual({ code: 0, stdout: "", messages: [3] });
  expect(stderr.match(/diag error: agensight: the recorder's thread died/g)).toHaveLength(2);
  expect((await spansIn(space.db)).map((span) => span.name)).toEqual(["first", "second", "third"]);
});

test("A program that exits while another one holds the store's lock ends as ever", async () => {
  const { child, message, ended } = startProgram("locked-out.mjs", { db: space.db });
  await message();
  const engine = await openForWriting(space.db);
  engine.exec("BEGIN IMMEDIATE");
  child.send("go");
  const { code, signal, stdout } = await ended;
  engine.exec("ROLLBACK");
  engine.close();
  expect({ code, signal, stdout }).toEqual({ code: 3, signal: null, stdout: "" });
  expect((await spansIn(space.db)).map((span) => span.name)).toEqual(["before"]);
});
