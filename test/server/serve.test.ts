/** `agensight serve` as a command: what it says, where it listens, how it ends. */
import { once } from "node:events";
import { statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeHome } from "../cli/agensight.js";
import { requestOf, span, spanId } from "../store/otlp.js";
import { newStorePath } from "../store/temporary-folder.js";
import { overStdio } from "./clients.js";
import { ask, post, serve, spanIds } from "./serve.js";

const { home, write, run, remove } = makeHome();
afterAll(remove);

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("agensight serve", () => {
  test("says on stderr what is served where, keeps stdout empty, and makes the store at once", async () => {
    const served = await serve();
    const { url, port, path } = served;
    expect(served.stderr()).toContain(path);
    for (const place of [url, `${url}/mcp`, `ws://127.0.0.1:${port}/ws`, `ws://127.0.0.1:${port}/live`])
      expect(served.stderr()).toContain(place);
    expect(served.stderr()).toContain(`claude mcp add --transport http agensight ${url}/mcp\n`);
    const health = (await (await fetch(`${url}/healthz`)).json()) as Record<string, unknown>;
    expect(health).toEqual({
      ok: true,
      version: expect.any(String),
      store_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await served.stop()).toBe(0);
    expect(served.stdout()).toBe("");
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("ends with 0 at %s", async (signal) => {
    const served = await serve();
    expect((await post(served.url, requestOf([span({ trace: 1, id: 1 })]))).status).toBe(200);
    expect(await served.stop(signal)).toBe(0);
    expect(await spanIds(served.path)).toEqual(new Set([spanId(1)]));
  });

  test("stores what it accepts with sql.js too, which puts a new file in place of the old one at each save", async () => {
    const env = { AGENSIGHT_SQLITE: "sqljs" };
    const first = await serve([], { env });
    for (const id of [1, 2]) expect((await post(first.url, requestOf([span({ trace: 1, id })]))).status).toBe(200);
    expect(await first.stop()).toBe(0);
    const again = await serve([], { env, path: first.path });
    expect((await post(again.url, requestOf([span({ trace: 1, id: 3 })]))).status).toBe(200);
    expect(await again.stop()).toBe(0);
    expect(await spanIds(first.path, { engine: "sqljs" })).toEqual(new Set([spanId(1), spanId(2), spanId(3)]));
  });

  test("a second one for the same store says where it is served already, and ends well", async () => {
    const first = await serve();
    const second = await serve([], { path: first.path, port: first.port });
    expect(await second.ended).toBe(0);
    expect(second.stderr()).toContain(`${first.path} is served already at ${first.url}`);
    expect((await post(first.url, {})).status).toBe(200);
  });

  test("a port that another store or another program has is left to it, and the next one is taken", async () => {
    const first = await serve();
    const second = await serve([], { port: first.port });
    expect(second.port).toBeGreaterThan(first.port);
    expect(second.stderr()).toContain(`port ${first.port} is taken by another program`);

    const stranger = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
    await once(stranger, "listening");
    const { port } = stranger.address() as AddressInfo;
    const third = await serve([], { port });
    expect(third.port).toBeGreaterThan(port);
    expect((await post(third.url, {})).status).toBe(200);
    stranger.close();
  });

  test("takes its token from the flag, the environment and the configuration, in this order, and never tells it", async () => {
    const config = write("token.json", JSON.stringify({ token: "from-config" }));
    const environment = { AGENSIGHT_TOKEN: "from-environment" };
    for (const [token, args, env] of [
      ["from-flag", ["--token", "from-flag", "--config", config], environment],
      ["from-environment", ["--config", config], environment],
      ["from-config", ["--config", config], {}],
    ] as const) {
      const served = await serve([...args], { env });
      expect((await post(served.url, {})).status).toBe(401);
      expect((await post(served.url, {}, bearer(token))).status).toBe(200);
      expect((await post(served.url, {}, bearer("from-nowhere"))).status).toBe(401);
      expect(await served.stop()).toBe(0);
      expect(served.stderr()).not.toContain(token);
      expect(served.stderr()).toContain('--header "Authorization: Bearer TOKEN"');
    }
  });

  test("makes a token where one is asked for or needed, and says it and the command that has it once", async () => {
    for (const args of [
      ["--token", "auto"],
      ["--host", "0.0.0.0"],
    ]) {
      const served = await serve(args);
      const token = /token +(\S{20,})/.exec(served.stderr())?.[1] ?? "";
      expect(served.stderr().split(token)).toHaveLength(3);
      expect(served.stderr()).toContain(`--header "Authorization: Bearer ${token}"\n`);
      expect((await post(served.url, {})).status).toBe(401);
      expect((await post(served.url, {}, bearer(token))).status).toBe(200);
      expect(await served.stop()).toBe(0);
    }
  });

  test("keeps the spans of each service as long as it is told to", async () => {
    const served = await serve(["--keep", "30d", "--max-size", "1GB"]);
    for (const service of ["shop", "desk"])
      expect((await post(served.url, requestOf([span({ trace: 1, id: 1 })], service))).status).toBe(200);
    const { services } = await ask(served.path, (reader) => reader.info());
    expect(services.map(({ service, max_age_s, max_bytes }) => [service, max_age_s, max_bytes])).toEqual([
      ["shop", 30 * 86_400, 1e9],
    ]);
    expect(await served.stop()).toBe(0);
  });

  test("a store that cannot be had ends it with what to do", async () => {
    const file = write("notes.db", "somebody's notes, which are long enough to be no header of anything");
    const { code, stdout, stderr } = await run(["serve", "--db", file, "--port", "0"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("is not an SQLite file");
  });

  test.each([
    [["--port", "http"], '"http" is no port'],
    [["--port", "70000"], '"70000" is no port'],
    [["--content", "some"], "It is one of none, preview, full."],
    [["--token", "two words"], "the token has spaces in it"],
  ])("%j is wrong usage", async (args, why) => {
    const { code, stdout, stderr } = await run(["serve", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(why);
  });
});

describe("agensight mcp --otlp", () => {
  /** A port that was free a moment ago. */
  async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
  }

  test("receives spans beside stdio, and nothing else; what it received can be asked for at once", async () => {
    const [path, port] = [newStorePath(), await freePort()];
    const client = await overStdio(["--db", path, "--otlp", String(port)], { AGENSIGHT_HOME: home });
    const url = `http://127.0.0.1:${port}`;
    let answer: Response | null = null;
    while (!answer) answer = await post(url, requestOf([span({ trace: 1, id: 1, name: "beside" })])).catch(() => null);
    expect(answer.status).toBe(200);
    const { content } = await client.callTool({ name: "list_traces", arguments: {} });
    expect(JSON.stringify(content)).toContain("beside");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/mcp`)).status).toBe(404);
    await client.close();
  });

  test("carries on quietly where the port is taken", async () => {
    const served = await serve();
    const client = await overStdio(["--db", join(home, "other.db"), `--otlp=${served.port}`], { AGENSIGHT_HOME: home });
    const { content } = await client.callTool({ name: "list_traces", arguments: {} });
    expect(JSON.stringify(content)).toContain("no store");
    expect((await post(served.url, {})).status).toBe(200);
    await client.close();
  });
});
