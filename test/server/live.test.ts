import { renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { LiveEvent } from "../../src/model/live.js";
import { chat, message, requestOf, type SpanShape, span, spanId } from "../store/otlp.js";
import { startProgram } from "../store/run-program.js";
import { seeded } from "../store/seeded.js";
import { newStorePath } from "../store/temporary-folder.js";
import { refusedUpgrade, watchLive } from "./live-client.js";
import { startTestServer, type TestServer } from "./start.js";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(options: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  servers.push(server);
  return server;
}

const record = (server: TestServer, shapes: SpanShape[], service = "shop") =>
  server.ingest.traces(requestOf(shapes.map(span), service));

const ids = (events: LiveEvent[]) => events.map(({ span_id }) => span_id);

describe("/live", () => {
  test("tells starts, ends, abandoned and dropped spans, in frames that are arrays of the published shape", async () => {
    const server = await start();
    const live = await watchLive(server.wsUrl);
    record(server, [{ trace: 1, id: 1, ms: null }]);
    await live.until((events) => events.length === 1);
    record(server, [
      { trace: 1, id: 1, name: "ask", attributes: chat({ model: "gpt-4o", input: 7, reply: "Hello!" }) },
    ]);
    await live.until((events) => events.length === 2);
    record(server, [{ trace: 1, id: 2, ms: null }]);
    await live.until((events) => events.length === 3);
    server.ingest.abandon([{ trace_id: span({ trace: 1, id: 2 }).traceId, span_id: spanId(2) }]);
    await live.until((events) => events.length === 4);
    server.ingest.dropped(5);
    // noticed with the next commit
    record(server, [{ trace: 1, id: 3, error: "no such table" }]);
    const events = await live.until((all) => all.length === 6 || (all.length === 7 && all.some((e) => e.dropped)));

    expect(LiveEvent.array().parse(events)).toEqual(events);
    expect(events.map(({ type, span_id, dropped }) => [type, span_id, dropped])).toEqual(
      expect.arrayContaining([
        ["span_started", spanId(1), null],
        ["span_ended", spanId(1), null],
        ["span_started", spanId(2), null],
        ["span_abandoned", spanId(2), null],
        ["span_ended", spanId(3), null],
        ["dropped", null, 5],
      ]),
    );
    expect(events[1]).toMatchObject({
      time: "2026-11-10T08:00:00.010Z",
      span: { name: "ask", kind: "llm", model: "gpt-4o", input_tokens: 7, status: "ok", preview: "Hello!" },
    });
    expect(events.find((event) => event.span_id === spanId(3))?.span).toMatchObject({
      status: "error",
      preview: "no such table",
    });
    expect(events.every(({ seq }, at) => at === 0 || seq >= (events[at - 1]?.seq ?? 0))).toBe(true);
  });

  test("previews what a call adds to its conversation: its question while it runs, then its answer", async () => {
    const server = await start();
    const live = await watchLive(server.wsUrl);
    const asked = [message("user", "one?"), message("assistant", "one!"), message("user", "two?")];
    record(server, [{ trace: 1, id: 1, attributes: chat({ messages: asked.slice(0, 1), reply: "one!" }) }]);
    record(server, [{ trace: 1, id: 2, ms: null, attributes: chat({ messages: asked }) }]);
    const begun = await live.until((events) => events.length === 2);
    record(server, [{ trace: 1, id: 2, attributes: chat({ messages: asked, reply: "two!" }) }]);
    const [, , ended] = await live.until((events) => events.length === 3);
    expect([...begun, ended].map((event) => event?.span?.preview)).toEqual(["one!", "two?", "two!"]);
  });

  test("shows no recorded text where content is none", async () => {
    const server = await start({ content: "none" });
    const live = await watchLive(server.wsUrl);
    record(server, [{ trace: 1, id: 1, attributes: chat({ reply: "secret" }) }]);
    const events = await live.until((all) => all.length === 1);
    expect(events[0]?.span?.preview).toBeNull();
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  test("keeps an event within 1 KB whatever a span is called", async () => {
    const server = await start();
    const live = await watchLive(server.wsUrl);
    const hostile = ["\u0001", "\ud800", '"\\', "漢", "😀", "\u001b[31m", "x"].map((piece) => piece.repeat(1000));
    hostile.forEach((text, at) => {
      const attributes = chat({ model: text, session: text, reply: text, more: { "gen_ai.agent.name": text } });
      record(server, [{ trace: at + 1, id: at + 1, name: text, attributes }], text);
    });
    const events = await live.until((all) => all.length === hostile.length);
    for (const event of events) {
      expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(1024);
      expect(event.span?.name.length).toBeGreaterThan(8);
      expect(event.span?.preview).toBeTruthy();
    }
  });

  test("filters by session, service, agent, kind and status, all at once", async () => {
    const server = await start();
    const live = await watchLive(server.wsUrl, "?session=s%201&service=shop&agent=a&kind=llm&status=error");
    const wanted = chat({ session: "s 1", more: { "gen_ai.agent.name": "a" } });
    const near: [SpanShape, string][] = [
      [{ trace: 1, id: 1, attributes: wanted }, "shop"],
      [{ trace: 2, id: 2, error: "e", attributes: wanted }, "bar"],
      [{ trace: 3, id: 3, error: "e", attributes: { ...wanted, "session.id": "s 2" } }, "shop"],
      [{ trace: 4, id: 4, error: "e", attributes: { ...wanted, "gen_ai.agent.name": "b" } }, "shop"],
      [{ trace: 5, id: 5, error: "e", attributes: { ...wanted, "gen_ai.operation.name": "execute_tool" } }, "shop"],
      [{ trace: 6, id: 6, error: "e", attributes: wanted }, "shop"],
    ];
    for (const [shape, service] of near) record(server, [shape], service);
    await live.until((all) => all.length > 0);
    record(server, [{ trace: 7, id: 7, error: "e", attributes: wanted }]);
    expect(ids(await live.until((all) => all.length > 1))).toEqual([spanId(6), spanId(7)]);
  });

  test("refuses what it does not understand with the list of what it does", async () => {
    const server = await start();
    const cases: [string, RegExp][] = [
      ["?sesion=x", /unknown argument "?sesion"?.*session/],
      ["?kind=LLM", /kind.*one of other, llm/],
      ["?status=fine", /status.*ok, error, running, abandoned/],
      ["?cursor=-1", /cursor.*seq of an event/],
      ["?cursor=1e99", /cursor/],
      ["?kind=llm&kind=tool", /twice/],
    ];
    for (const [query, message] of cases) {
      const refused = await refusedUpgrade(server.wsUrl, query);
      expect([refused.status, refused.error.code]).toEqual([400, "bad_argument"]);
      expect(refused.error.message).toMatch(message);
    }
    expect((await refusedUpgrade(server.wsUrl, "?x=1")).error.hint).toBe(
      "Valid arguments of /live: cursor, session, service, agent, kind, status.",
    );
    // as a form sends it: nothing is asked for
    const live = await watchLive(server.wsUrl, "?cursor=&session=&service=&agent=&kind=&status=");
    record(server, [{ trace: 1, id: 1 }]);
    await live.until((all) => all.length === 1);
  });

  test("lets nobody in without the token, or from a page of another origin", async () => {
    const server = await start({ token: "secret" });
    expect((await refusedUpgrade(server.wsUrl, "")).status).toBe(401);
    expect((await refusedUpgrade(server.wsUrl, "?access_token=wrong")).status).toBe(401);
    const bearer = { authorization: "Bearer secret" };
    expect((await refusedUpgrade(server.wsUrl, "", { ...bearer, origin: "http://evil.example" })).status).toBe(403);
    const [one, other] = [
      await watchLive(server.wsUrl, "", bearer),
      await watchLive(server.wsUrl, "?access_token=secret"),
    ];
    record(server, [{ trace: 1, id: 1 }]);
    for (const live of [one, other]) expect(ids(await live.until((all) => all.length === 1))).toEqual([spanId(1)]);
  });

  test("sends a client away that sends something", async () => {
    const server = await start();
    const [chatty, large, binary] = [
      await watchLive(server.wsUrl),
      await watchLive(server.wsUrl),
      await watchLive(server.wsUrl),
    ];
    chatty.socket.send("hello?");
    expect(await chatty.closed).toMatchObject({ code: 1008, reason: expect.stringContaining("takes no messages") });
    large.socket.send("x".repeat(100_000));
    expect(await large.closed).toMatchObject({ code: 1009 });
    binary.socket.send(Buffer.from([0xff, 0xfe]));
    expect(await binary.closed).toMatchObject({ code: 1008 });
    const live = await watchLive(server.wsUrl);
    record(server, [{ trace: 1, id: 1 }]);
    await live.until((all) => all.length === 1);
  });
});

describe("/live with a cursor", () => {
  test("tells its position first when asked for the cursor of now, so that nothing is lost where nothing has come yet", async () => {
    const server = await start();
    record(server, [
      { trace: 1, id: 1 },
      { trace: 1, id: 2 },
    ]);
    const first = await watchLive(server.wsUrl, "?cursor=now&service=nobody");
    while (first.frames.length === 0) await new Promise((resolve) => first.socket.once("message", resolve));
    const [position] = first.frames.flat();
    expect(LiveEvent.parse(position)).toMatchObject({ type: "position", span: null, dropped: null });
    await first.close();
    record(server, [{ trace: 1, id: 3 }]);
    const again = await watchLive(server.wsUrl, `?cursor=${position?.seq}`);
    record(server, [{ trace: 1, id: 4 }]);
    expect(ids(await again.until((all) => all.length >= 2))).toEqual([spanId(3), spanId(4)]);
  });

  test("resumed at any point it tells exactly the rest, while more is written", async () => {
    const server = await start();
    const random = seeded(20261122);
    let made = 0;
    const write = (n: number) => {
      const shapes = Array.from({ length: n }, () => ({ trace: 1 + random.below(9), id: ++made }));
      for (const shape of shapes) record(server, [shape], random.pick(["shop", "bar"]));
    };
    const whole = await watchLive(server.wsUrl);
    const shop = await watchLive(server.wsUrl, "?service=shop");
    write(700);
    const cursors = [0, ...Array.from({ length: 12 }, () => random.below(700)), 700];
    const resumed = [];
    for (const cursor of cursors) {
      const service = random.pick(["", "&service=shop"]);
      // written in the very moment in which the client resumes
      const [client] = await Promise.all([
        watchLive(server.wsUrl, `?cursor=${cursor}${service}`),
        (async () => write(1 + random.below(30)))(),
      ]);
      resumed.push({ cursor, service, client });
    }
    write(20);
    const all = await whole.until((events) => events.length === made);
    const ofShop = all.filter((event) => event.span?.service === "shop");
    expect(ids(await shop.until((events) => events.length >= ofShop.length))).toEqual(ids(ofShop));
    expect(new Set(ids(all)).size).toBe(made);
    for (const { cursor, service, client } of resumed) {
      const rest = (service === "" ? all : ofShop).filter(({ seq }) => seq > cursor);
      const events = await client.until((got) => got.length >= rest.length);
      expect(events.map(({ seq }) => seq)).toEqual(rest.map(({ seq }) => seq));
      expect(client.frames.every((frame) => frame.length > 0 && frame.length <= 250)).toBe(true);
    }
  });

  test("tells a store that took the place of another from its start, also to a client that comes with a cursor of the old one", async () => {
    const server = await start();
    record(
      server,
      Array.from({ length: 20 }, (_, at) => ({ trace: 1, id: at + 1 })),
    );
    const [watching, behind] = [
      await watchLive(server.wsUrl, "?cursor=0"),
      await watchLive(server.wsUrl, "?service=nobody"),
    ];
    await watching.until((all) => all.length === 20);
    const path = newStorePath();
    const file = `${path}.jsonl`;
    writeFileSync(
      file,
      JSON.stringify(requestOf([span({ trace: 9, id: 901 }), span({ trace: 9, id: 902 })], "nobody")),
    );
    await (await startProgram("ingest-file", { path, file })).ended;
    server.ingest.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(server.path + suffix, { force: true });
    renameSync(path, server.path);
    const fresh = [spanId(901), spanId(902)];
    expect(ids(await behind.until((all) => all.length >= 2))).toEqual(fresh);
    expect(ids(await watching.until((all) => all.length >= 22)).slice(20)).toEqual(fresh);
    const late = await watchLive(server.wsUrl, "?cursor=20");
    expect(ids(await late.until((all) => all.length >= 2))).toEqual(fresh);
  });
});

describe("/live for many", () => {
  test("tells each of 40 clients with different filters exactly what it asked for, once and in order, under a storm of commits", async () => {
    const server = await start();
    const random = seeded(7);
    const filters = [
      "",
      "?service=shop",
      "?service=bar",
      "?session=s1",
      "?kind=llm",
      "?status=error",
      "?kind=llm&status=ok",
      "?service=shop&session=s2",
    ];
    const clients = await Promise.all(
      Array.from({ length: 40 }, (_, at) => watchLive(server.wsUrl, filters[at % filters.length])),
    );
    let id = 0;
    for (let commit = 0; commit < 150; commit++) {
      const shapes = Array.from({ length: 1 + random.below(8) }, (): SpanShape => {
        const session = random.pick(["s1", "s2", "s3"]);
        const attributes = random.chance(0.5) ? chat({ session }) : { "session.id": session };
        return { trace: commit + 1, id: ++id, attributes, ...(random.chance(0.3) ? { error: "no" } : {}) };
      });
      record(server, shapes, random.pick(["shop", "bar"]));
      if (commit % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const all = await clients[0]?.until((events) => events.length >= id);
    expect(new Set(ids(all ?? [])).size).toBe(id);
    const wanted = (at: number) => {
      const query = new URLSearchParams(filters[at % filters.length]);
      return (all ?? []).filter(({ span: told }) =>
        [...query].every(
          ([key, value]) => (told as Record<string, unknown>)[key === "session" ? "session_id" : key] === value,
        ),
      );
    };
    for (const [at, client] of clients.entries()) {
      const events = await client.until((got) => got.length >= wanted(at).length);
      expect(events).toEqual(wanted(at));
      expect(events.length).toBeGreaterThan(20);
    }
  });

  test("cuts a client off that does not read, with the cursor from which it loses nothing, and keeps nobody else waiting", async () => {
    const server = await start();
    const reading = await watchLive(server.wsUrl);
    const slow = await watchLive(server.wsUrl);
    slow.socket.pause();
    let id = 0;
    // 17 MB: more than the system keeps for a connection, and then the server
    while (id < 20_000) {
      record(
        server,
        Array.from({ length: 500 }, () => ({
          trace: 1 + (id >> 9),
          id: ++id,
          name: "n".repeat(90),
          error: "e".repeat(160),
        })),
      );
      await reading.until((events) => events.length === id);
    }
    slow.socket.resume();
    const { code, reason } = await slow.closed;
    expect(code).toBe(1013);
    const cursor = Number(/^too slow: reconnect with cursor=(\d+)$/.exec(reason)?.[1]);
    const got = slow.events();
    expect(got.at(-1)?.seq).toBe(cursor);
    const resumed = await watchLive(server.wsUrl, `?cursor=${cursor}`);
    const rest = await resumed.until((events) => got.length + events.length >= id);
    expect(new Set(ids([...got, ...rest])).size).toBe(id);
    expect(got.length + rest.length).toBe(id);
  });

  test("takes 256 connections, and tells the next one to come later", async () => {
    const server = await start();
    const clients = await Promise.all(Array.from({ length: 256 }, () => watchLive(server.wsUrl)));
    expect(await refusedUpgrade(server.wsUrl, "")).toMatchObject({
      status: 503,
      error: { message: /256 connections/ },
    });
    for (const client of clients) client.socket.terminate();
    await Promise.all(clients.map(({ closed }) => closed));
  });

  test("survives clients that vanish in the middle of a frame or of the handshake", async () => {
    const server = await start();
    const stay = await watchLive(server.wsUrl);
    for (let at = 0; at < 20; at++) {
      const half = connect(server.port, "127.0.0.1");
      half.on("error", () => {});
      half.write(
        `GET /live?cursor=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
      if (at % 2) half.destroy();
      else half.once("data", () => half.resetAndDestroy());
      record(server, [{ trace: 1, id: at + 1, attributes: chat({ messages: [message("user", "x".repeat(5000))] }) }]);
    }
    expect(ids(await stay.until((events) => events.length === 20)).length).toBe(20);
    expect(server.said).toEqual([]);
  });
});
