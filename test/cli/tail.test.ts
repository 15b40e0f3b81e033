import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { followServer, liveUrl } from "../../src/cli/tail/follow-server.js";
import { LiveEvent } from "../../src/model/live.js";
import { startTestServer, type TestServer } from "../server/start.js";
import { requestOf, span } from "../store/otlp.js";
import { bin, environment, makeHome, otlpLine } from "./agensight.js";

const { home, path, run, write, remove } = makeHome();
const children: ChildProcess[] = [];
const servers: TestServer[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) await server.close();
});
afterAll(remove);

function tail(args: string[], env: Record<string, string | undefined> = {}) {
  const child = spawn(process.execPath, [bin, "tail", ...args], {
    env: environment({ AGENSIGHT_HOME: home, ...env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const out = { stdout: "", stderr: "" };
  const until = (stream: "stdout" | "stderr", wanted: (text: string) => boolean) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (wanted(out[stream])) resolve(out[stream]);
      };
      child[stream].on("data", look);
      child.once("close", () => reject(new Error(`it ended: ${out.stdout}${out.stderr}`)));
      look();
    });
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text) => {
      out[stream] += text;
    });
  return {
    child,
    out,
    /** Resolves with stdout when it has so many whole lines. */
    lines: async (n: number) => (await until("stdout", (text) => text.split("\n").length > n)).trimEnd().split("\n"),
    said: (words: string) => until("stderr", (text) => text.includes(words)),
    ended: once(child, "close").then(([code]) => code as number | null),
  };
}

const record = async (db: string, ...lines: string[]) =>
  expect((await run(["import", "-", "--db", db], { stdin: lines.join("\n") })).code).toBe(0);

describe("agensight tail", () => {
  test("waits for a file that is not there yet, follows what another process writes into it, and ends with Ctrl-C", async () => {
    const db = path("later.db");
    const { child, out, said, lines, ended } = tail(["--db", db]);
    await said(`there is no store at ${db} yet`);
    expect(existsSync(db)).toBe(false);
    await record(db, otlpLine({ name: "first" }));
    await lines(1);
    await record(db, otlpLine({ name: "second" }));
    const [first, second] = await lines(2);
    expect(first).toMatch(/^\d\d:\d\d:\d\d ✓ first · 5 ms$/);
    expect(second).toContain("second");
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(out.stdout.trimEnd().split("\n").length).toBe(2);
  });

  test("begins with the last changes, as many as asked for, and tells none twice", async () => {
    const db = path("last.db");
    await record(
      db,
      ...Array.from({ length: 30 }, (_, at) => otlpLine({ name: `old-${at}`, service: at % 2 ? "a" : "b" })),
    );
    const [ten, two, none] = [
      tail(["--db", db]),
      tail(["--db", db, "--last", "2", "--service", "a"]),
      tail(["--db", db, "--last", "0"]),
    ];
    expect((await ten.lines(10)).map((line) => /old-\d+/.exec(line)?.[0])).toEqual(
      Array.from({ length: 10 }, (_, at) => `old-${20 + at}`),
    );
    expect((await two.lines(2)).map((line) => /old-\d+/.exec(line)?.[0])).toEqual(["old-27", "old-29"]);
    // written again until each is seen to follow
    const heard = Promise.all([ten.lines(11), two.lines(3), none.lines(1)]);
    let following = true;
    void heard.finally(() => {
      following = false;
    });
    while (following) await record(db, otlpLine({ name: "new", service: "a" }));
    const [tens, twos, nones] = await heard;
    for (const [told, before] of [
      [tens, 10],
      [twos, 2],
      [nones, 0],
    ] as const)
      expect(told.slice(before).every((line) => line.includes("new"))).toBe(true);
  });

  test("--json gives an event of /live per line; stdout holds nothing else, and no colours either way", async () => {
    const db = path("json.db");
    await record(db, otlpLine({ name: "one" }), otlpLine({ name: "two", session: "s" }));
    const [json, text] = [tail(["--db", db, "--json"]), tail(["--db", db], { NO_COLOR: undefined })];
    const events = (await json.lines(2)).map((line) => LiveEvent.parse(JSON.parse(line)));
    expect(events.map(({ span }) => [span?.name, span?.session_id])).toEqual([
      ["one", null],
      ["two", "s"],
    ]);
    expect((await text.lines(2)).join("")).not.toContain("\u001b");
  });

  test("shows what starts, fails and is dropped, and lets no recorded text move the cursor or hide itself", async () => {
    const server = await startTestServer();
    servers.push(server);
    const hostile = "\u001b[2J\u001b]0;owned\u0007rm\u009b31m -rf\r\nfake line\u202e";
    const [text, json] = [tail(["--db", server.path]), tail(["--db", server.path, "--json"])];
    server.ingest.traces(requestOf([span({ trace: 1, id: 1, name: hostile, ms: null })]));
    await Promise.all([text.lines(1), json.lines(1)]);
    server.ingest.traces(requestOf([span({ trace: 1, id: 1, name: hostile, error: hostile })]));
    await Promise.all([text.lines(2), json.lines(2)]);
    server.ingest.dropped(3);
    const lines = await text.lines(3);
    expect(lines[0]).toMatch(/▶ rm -rf fake line$/);
    expect(lines[1]).toMatch(/✗ rm -rf fake line · 10 ms · error {2}rm -rf fake line$/);
    expect(lines[2]).toMatch(/3 spans dropped/);
    const raw = (await json.lines(3)).join("\n");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(raw).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(JSON.parse(raw.split("\n")[0] ?? "").span.name).toBe(hostile);
  });

  test("ends quietly when nobody reads any more", async () => {
    const db = path("pipe.db");
    await record(db, otlpLine({ name: "one" }));
    const { child, out, lines, ended } = tail(["--db", db]);
    await lines(1);
    child.stdout?.destroy();
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over) await record(db, otlpLine());
    expect(await ended).toBe(0);
    expect(out.stderr).toBe("");
  });

  test.each([
    [["--kind", "lm"], "--kind is one of other, llm"],
    [["--status", "fine"], "ok, error, running, abandoned, incomplete"],
    [["--last", "-1"], "is no count"],
    [["--last", "some"], "is no count"],
    [["--token", "t"], "--token needs --connect"],
    [["--connect", "ftp://x"], "is no address of a server"],
    [["--connect", "localhost:4318", "--token", "auto"], "is for agensight serve"],
    [["--connect", "http://127.0.0.1:1", "--last", "3"], "--last is for a file"],
  ])("%j is refused with a reason", async (args, reason) => {
    const { code, stdout, stderr } = await run(["tail", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(reason);
  });

  test("tells what is wrong with a file that is no store", async () => {
    const { code, stderr } = await run(["tail", "--db", bin]);
    expect(code).toBe(1);
    expect(stderr).toContain("not an SQLite file");
  });
});

describe("agensight tail --connect", () => {
  test("follows a server with a token and a filter", async () => {
    const server = await startTestServer({ token: "secret" });
    servers.push(server);
    const refused = await run(["tail", "--connect", server.url]);
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("AGENSIGHT_TOKEN");
    const config = write("token.json", JSON.stringify({ token: "secret" }));
    const { lines, child, ended } = tail([
      ...["--connect", `127.0.0.1:${server.port}/mcp`, "--service", "shop"],
      ...["--status", "ok", "--config", config],
    ]);
    let id = 0;
    let following = true;
    const heard = lines(2).finally(() => {
      following = false;
    });
    while (following) {
      server.ingest.traces(requestOf([span({ trace: 1, id: ++id, name: "other" })], "bar"));
      server.ingest.traces(requestOf([span({ trace: 1, id: ++id, name: "wanted" })], "shop"));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await heard).every((line) => line.includes("wanted"))).toBe(true);
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  });

  test("waits for a server that is away, and loses nothing of what happened meanwhile", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const { said, lines, out } = tail(["--connect", `http://127.0.0.1:${port}`, "--json"]);
    await said("ECONNREFUSED; trying again");

    const db = path("served.db");
    const first = await startTestServer({ path: db, port });
    first.ingest.traces(requestOf([span({ trace: 1, id: 1 })]));
    let id = 1;
    let following = true;
    const heard = lines(1).finally(() => {
      following = false;
    });
    while (following) {
      first.ingest.traces(requestOf([span({ trace: 1, id: ++id })]));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await heard;
    await first.close();
    await said("the server stops; trying again");
    await record(db, otlpLine({ name: "missed?" }));
    const second = await startTestServer({ path: db, port });
    servers.push(second);
    second.ingest.traces(requestOf([span({ trace: 1, id: ++id, name: "after" })]));
    const told = async (name: string): Promise<void> => {
      for (let n = 1; !out.stdout.includes(name); n++) await lines(n);
    };
    await told("after");
    const names = out.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).span.name);
    expect(names.slice(-2)).toEqual(["missed?", "after"]);
    expect(new Set(names).size).toBe(names.length);
  });

  test("reminds of a server that stays away about once a minute", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const said: string[] = [];
    const stderr = vi.spyOn(process.stderr, "write").mockImplementation((line) => said.push(String(line)) > 0);
    const ended = new AbortController();
    const over = followServer(liveUrl("127.0.0.1:1", {}), null)(() => {}, ended.signal);
    await expect.poll(() => said).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    await expect.poll(() => said, { timeout: 20_000 }).toHaveLength(2);
    ended.abort();
    await over;
    stderr.mockRestore();
    vi.useRealTimers();
    expect(said).toEqual(Array(2).fill("127.0.0.1:1: ECONNREFUSED; trying again\n"));
  });

  test("says so when the other side is no Agensight", async () => {
    const other = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\nnope!"));
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { code, stdout, stderr } = await run(["tail", "--connect", `http://127.0.0.1:${port}`]);
    other.close();
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("status 404");
  });
});
