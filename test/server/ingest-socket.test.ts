import { EventEmitter, once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { AgensightError } from "../../src/model/error.js";
import type { FromServer } from "../../src/model/ingest-message.js";
import { watch } from "../sdk/connected.js";
import { seeded } from "../store/seeded.js";
import { startTestServer, type TestServer } from "./start.js";

let server: TestServer;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
});

const traceId = "0123456789abcdef0123456789abcdef";
const span = (n: number, running = false) => ({
  traceId,
  spanId: String(n).padStart(16, "0"),
  name: `span ${n}`,
  kind: 1,
  startTimeUnixNano: "1780000000000000000",
  ...(running ? {} : { endTimeUnixNano: "1780000001000000000" }),
});
const spans = (id: number, ...list: object[]) => ({
  type: "spans",
  id,
  data: { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: "t" }, spans: list }] }] },
});

async function connect(query = "", options: object = {}): Promise<WebSocket> {
  const socket = new WebSocket(`${server.wsUrl}/ingest${query}`, options);
  sockets.push(socket);
  await once(socket, "open");
  return socket;
}

async function ask(socket: WebSocket, message: unknown): Promise<FromServer> {
  const answer = once(socket, "message");
  socket.send(typeof message === "string" ? message : JSON.stringify(message));
  return JSON.parse(String((await answer)[0]));
}

async function closing(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = await once(socket, "close");
  return { code, reason: String(reason) };
}

const storedSpans = async () => {
  const reader = await server.context.store.reader();
  return (await reader?.changes({ after_seq: 0, limit: 1000 }))?.changes.map(
    ({ type, span: s }) => `${type} ${s.name}`,
  );
};

test("Spans are acknowledged when they are stored, and again when they come again", async () => {
  const socket = await connect();
  expect(await ask(socket, spans(7, span(1), span(2, true)))).toEqual({ type: "ack", id: 7, rejected: 0, reasons: [] });
  expect(await storedSpans()).toEqual(["span_ended span 1", "span_started span 2"]);
  expect(await ask(socket, spans(8, span(1), span(2)))).toEqual({ type: "ack", id: 8, rejected: 0, reasons: [] });
  expect(await storedSpans()).toEqual(["span_ended span 1", "span_ended span 2"]);
});

test("Of a frame with bad spans the good ones are stored, and the answer says what was wrong", async () => {
  const socket = await connect();
  expect(await ask(socket, spans(1, span(1), { ...span(2), traceId: "x" }))).toEqual({
    type: "ack",
    id: 1,
    rejected: 1,
    reasons: ["traceId is not 32 hex digits (or all zero)"],
  });
  expect(await storedSpans()).toEqual(["span_ended span 1"]);
});

test("While the store cannot be written, senders are told to send again", async () => {
  const { receiver } = server.context;
  const { write } = receiver;
  receiver.write = async () => {
    throw new AgensightError("busy", "Too much is waiting.");
  };
  const socket = await connect();
  expect(await ask(socket, spans(1, span(1)))).toEqual({ type: "retry", id: 1, reason: "Too much is waiting." });
  receiver.write = write;
  expect(await ask(socket, spans(1, span(1)))).toMatchObject({ type: "ack", id: 1 });
});

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const unknown = "The frame is no message that /ingest knows.";
const tooDeep = "The frame is nested deeper than 200 levels.";
const withSpans = (text: string) => JSON.stringify(spans(1, {})).replace("{}", () => text);

test.each([
  ["no JSON", 1007, "{", "The frame is no JSON."],
  ["no object", 1007, "[]", "The frame is no JSON object."],
  ["another message", 1007, '{"type":"hello"}', unknown],
  ["no id", 1007, JSON.stringify({ ...spans(1), id: -1 }), unknown],
  ["no OTLP", 1007, '{"type":"spans","id":1,"data":{}}', unknown],
  ["bytes", 1007, Buffer.from("{}"), "The frame is no text."],
  ["5,000 levels", 1008, withSpans(nested(5_000)), tooDeep],
  ["a million levels", 1008, withSpans(nested(1_000_000)), tooDeep],
  [
    "millions of objects",
    1008,
    withSpans(`{}${",{}".repeat(5_000_000)}`),
    "The frame has more than 1000000 objects and arrays.",
  ],
  ["millions of values", 1008, withSpans(`0${",0".repeat(5_000_000)}`), "The frame has more than 4000000 values."],
  [
    "very many spans",
    1008,
    withSpans(`{}${",{}".repeat(50_000)}`),
    "The frame has more than 50000 spans or log records.",
  ],
])("A frame with %s ends the connection with a reason, and others are served", async (_, code, frame, reason) => {
  const socket = await connect();
  socket.send(frame);
  expect(await closing(socket)).toEqual({ code, reason });
  expect(await ask(await connect(), spans(2, span(2)))).toMatchObject({ type: "ack", id: 2, rejected: 0 });
  expect(server.said).toEqual([]);
});

test("While as much waits as there is room for nobody is read from, and then everybody is", async () => {
  const { receiver } = server.context;
  const { write } = receiver;
  let taken = 0;
  const events = new EventEmitter();
  const room = once(events, "room");
  const full = once(events, "full");
  receiver.write = async (data) => {
    if (++taken === 4) events.emit("full");
    await room;
    return write(data);
  };
  const senders = await Promise.all(Array.from({ length: 6 }, () => connect()));
  const large = (n: number) => spans(n, { ...span(n), name: "x".repeat(4 * 1024 * 1024) });
  const answers = senders.slice(0, 4).map((socket, n) => ask(socket, large(n + 1)));
  await full;
  const late = senders.slice(4).map((socket, n) => ask(socket, spans(n + 5, span(n + 5))));
  // what came before this on other connections would have been read by the time of its answer
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(taken).toBe(4);
  events.emit("room");
  for (const answer of await Promise.all([...answers, ...late])) expect(answer).toMatchObject({ type: "ack" });
  expect(taken).toBe(6);
});

test("A frame that is too large ends the connection with 1009", async () => {
  const socket = await connect();
  socket.send("x".repeat(16 * 1024 * 1024 + 1));
  expect((await closing(socket)).code).toBe(1009);
});

test("A page of another origin does not get in", async () => {
  const socket = new WebSocket(`${server.wsUrl}/ingest`, { origin: "http://elsewhere.example" });
  const [error] = await once(socket, "error");
  expect(String(error)).toContain("403");
});

test("The 65th connection is refused, and let in when another has gone", async () => {
  const all = await Promise.all(Array.from({ length: 64 }, () => connect()));
  await expect(connect()).rejects.toThrow("503");
  all[0]?.close(1000);
  await closing(all[0] as WebSocket);
  expect(await ask(await connect(), spans(1, span(1)))).toMatchObject({ type: "ack" });
});

test("A client that vanishes and comes back as the same instance has lost nothing; one that stays away has", async () => {
  const events = await watch(server.context.live);
  const first = await connect("?instance=a");
  const other = await connect("?instance=b");
  await ask(first, spans(1, span(1, true)));
  await ask(other, spans(1, span(2, true), span(3, true), span(4)));
  await ask(other, spans(2, span(3)));
  first.terminate();
  other.terminate();
  const again = await connect("?instance=a");
  await events.until("span_abandoned span 2");
  await ask(again, spans(2, span(1)));
  await events.until("span_ended span 1");
  expect(events.names().filter((name) => name.startsWith("span_abandoned"))).toEqual(["span_abandoned span 2"]);
});

test("A span that ends after it was given up has ended", async () => {
  const events = await watch(server.context.live);
  const socket = await connect("?instance=a");
  await ask(socket, spans(1, span(1, true)));
  socket.close(1000);
  await events.until("span_abandoned span 1");
  await ask(await connect("?instance=a"), spans(2, span(1)));
  await events.until("span_ended span 1");
  expect(await storedSpans()).toEqual(["span_ended span 1"]);
});

test("A sender that never reads its answers is cut off, or kept waiting, and others are served", async () => {
  const deaf = await connect();
  deaf.pause();
  for (let id = 0; id < 2000; id++) deaf.send(JSON.stringify(spans(id, { ...span(1), traceId: "x".repeat(50) })));
  expect(await ask(await connect(), spans(1, span(2)))).toMatchObject({ type: "ack", rejected: 0 });
});

test("Whatever frames come, each is answered or ends the connection, and good ones are stored afterwards", async () => {
  const random = seeded(20261122);
  const good = JSON.stringify(spans(1, span(1), span(2, true)));
  const odd = ["null", "[]", '""', "1e999", "{}", "[null]", '{"a":1}', "true", "-0", '"\\ud800"'];
  for (let round = 0; round < 300; round++) {
    const at = random.below(good.length);
    const to = at + random.below(40);
    const middle = random.chance(0.5) ? random.pick(odd) : String.fromCharCode(random.below(0xffff));
    const frame = `${good.slice(0, at)}${middle}${good.slice(to)}`;
    const socket = await connect();
    const answer = await Promise.race([ask(socket, frame), closing(socket)]);
    expect(answer).toSatisfy(
      (it: { type?: string; code?: number }) => it.type === "ack" || (it.code === 1007 && "reason" in it),
      frame,
    );
    socket.terminate();
  }
  expect(await ask(await connect(), spans(2, span(77)))).toMatchObject({ type: "ack", rejected: 0 });
  expect(server.said).toEqual([]);
});
