import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run, spansIn, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

test("A second setupTracing returns the first handle; after shutdown it starts anew", async () => {
  const { messages, stdout, stderr } = await run("setup.mjs", { db: space.db });
  expect({ messages, stdout, stderr }).toEqual({ messages: [{ same: true, renewed: true }], stdout: "", stderr: "" });
  const spans = await spansIn(space.db);
  expect(spans.map((span) => span.name)).toEqual(["first", "of a library", "after"]);
  expect(spans.map((span) => span.service)).toEqual(["setup", "setup", "setup"]);
  expect(spans[1]?.scope).toEqual({ name: "a library", version: "1.2.3" });
});

test("The store lies in AGENSIGHT_HOME where nothing else is said, and is noted there", async () => {
  await run("idle.mjs", { env: { AGENSIGHT_HOME: space.folder } });
  const path = join(space.folder, "traces.db");
  expect(await spansIn(path)).toHaveLength(1);
  expect(JSON.parse(readFileSync(join(space.folder, "stores.json"), "utf8"))).toMatchObject({ stores: [{ path }] });
});

test("A store that cannot be written is told to diag and by flush, and the program goes on", async () => {
  writeFileSync(join(space.folder, "file"), "not a folder");
  const path = join(space.folder, "file", "traces.db");
  const { code, stdout, stderr, messages } = await run("broken-store.mjs", { args: [path] });
  expect({ code, stdout, messages }).toEqual({
    code: 0,
    stdout: "",
    messages: [42, expect.stringContaining("Not every span is on disk")],
  });
  expect(stderr).toMatch(`diag error: agensight: spans are not recorded in ${path}`);
});

test("A file that is no store is left as it is", async () => {
  mkdirSync(join(space.folder, "store"));
  const content = "this is a letter, not a database ".repeat(100);
  writeFileSync(space.db, content);
  const { code, stderr, messages } = await run("broken-store.mjs", { args: [space.db] });
  expect({ code, messages }).toEqual({ code: 0, messages: [42, expect.stringContaining("Not every span is on disk")] });
  expect(stderr).toContain("diag error");
  expect(readFileSync(space.db, "utf8")).toBe(content);
});

test("Options for Node and preloads of the program do not reach the recorder's thread", async () => {
  const preload = join(import.meta.dirname, "programs", "preload.cjs");
  const env = { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
  const { stderr, stdout } = await run("idle.mjs", {
    db: space.db,
    env,
    node: ["--no-warnings", "--stack-trace-limit=3"],
  });
  expect({ stderr, stdout }).toEqual({ stderr: "preloaded\n", stdout: "" });
  expect(await spansIn(space.db)).toHaveLength(1);
});

test("A CommonJS program can require the package", async () => {
  const { code, stdout, stderr } = await run("required.cjs", { db: space.db, node: ["--no-warnings"] });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await spansIn(space.db)).map((span) => span.name)).toEqual(["from CommonJS"]);
});
