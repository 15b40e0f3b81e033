/** What a program calls private leaves it by no way: not to the disk, not to an endpoint, not to a server. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { plainAttributes, type ResourceSpans } from "../../src/model/otlp.js";
import { redactionModes } from "../../src/redaction/settings.js";
import { placesIn, secret } from "../redaction/planted.js";
import { filesIn, placesOnDisk } from "../redaction/raw-bytes.js";
import { run, spansIn, startProgram, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** An OTLP endpoint and a server's `/ingest` that keep what they are sent. */
async function listeners(ingestPort = 0) {
  const otlp: string[] = [];
  const ingest: string[] = [];
  const endpoint = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    otlp.push(gunzipSync(Buffer.concat(chunks)).toString());
    response.end("{}");
  }).listen(0, "127.0.0.1");
  const server = new WebSocketServer({ port: ingestPort, host: "127.0.0.1" });
  server.on("connection", (socket) =>
    socket.on("message", (data) => {
      ingest.push(String(data));
      socket.send(JSON.stringify({ type: "ack", id: JSON.parse(String(data)).id, rejected: 0, reasons: [] }));
    }),
  );
  await Promise.all([once(endpoint, "listening"), once(server, "listening")]);
  return {
    received: { otlp, ingest },
    urls: { otlp: `http://127.0.0.1:${port(endpoint)}`, url: `ws://127.0.0.1:${port(server)}/ingest` },
    close() {
      endpoint.close();
      server.close();
    },
  };
}

const secrets = Array.from({ length: 60 }, (_, place) => secret(place));

/** Runs a program that records, and looks for its secrets while it runs and after it has ended. */
async function record(options: object) {
  const home = join(space.folder, "home");
  const program = startProgram("private.mjs", {
    db: space.db,
    args: [JSON.stringify({ ...options, secrets })],
    env: { AGENSIGHT_HOME: home, OTEL_RESOURCE_ATTRIBUTES: `owner=${encodeURIComponent(secret(902))}` },
  });
  const planted = (await program.message()) as number;
  const whileRunning = await placesOnDisk(space.folder, space.db);
  program.child.send("end");
  const { code, stderr, stdout } = await program.ended;
  return { planted, whileRunning, afterwards: await placesOnDisk(space.folder, space.db), code, stderr, stdout };
}

const nothing = { whileRunning: {}, afterwards: {}, code: 0, stderr: "", stdout: "" };

describe.each(redactionModes)("mode %s", (mode) => {
  test("no planted value is in the file, at the endpoint or at the server", async () => {
    const { received, urls, close } = await listeners();
    const found = await record({ mode, ...urls });
    close();
    expect(found).toMatchObject(nothing);
    expect(found.planted).toBeGreaterThan(30);
    for (const sent of [received.otlp.join("\n"), received.ingest.join("\n")]) {
      expect(placesIn(sent)).toEqual([]);
      // it was sent, with the messages
      expect(sent).toContain("gen_ai.input.messages");
      expect(sent).toContain(" about ");
    }
    // running spans too
    expect(received.ingest.join()).toContain('"key":"running"');
    const [first] = (await spansIn(space.db)).filter(({ name }) => name === "chat");
    // the session is named twice
    expect(first?.redacted).toEqual({ email: 4, api_key: 2, order: 2 });
    // one mark for one session, wherever it went
    const mark = /\[email:[0-9a-f]{10}\]/;
    const session = first?.session_id ?? "";
    expect(session).toMatch(mark);
    for (const sent of [received.otlp.join(), received.ingest.join()]) expect(sent).toContain(session);
  });
});

test.each([["exporter"], ["no thread"]])("by the way of the %s no planted value reaches the disk", async (way) => {
  const { stderr, ...found } = await record({ way, mode: "mask" });
  expect(found).toMatchObject({ whileRunning: {}, afterwards: {}, code: 0 });
  expect(stderr).toMatch(way === "exporter" ? /^$/ : /no thread can be had/);
  expect((await spansIn(space.db)).filter(({ name }) => name === "chat")).toHaveLength(3);
});

test("configureRedaction may come after setupTracing", async () => {
  const { planted, ...found } = await record({ after: true, mode: "mask" });
  expect(found).toMatchObject(nothing);
});

test("a program without a file keeps the key of its pseudonyms in AGENSIGHT_HOME", async () => {
  const { received, urls, close } = await listeners();
  const home = join(space.folder, "home");
  const program = startProgram("private.mjs", {
    args: [JSON.stringify({ mode: "pseudonym", dbPath: false, ...urls, secrets })],
    env: { AGENSIGHT_HOME: home },
  });
  await program.message();
  program.child.send("end");
  await program.ended;
  close();
  expect(placesIn([...received.otlp, ...received.ingest].join())).toEqual([]);
  const marks = (sent: string[]) => new Set(sent.join().match(/\[email:[0-9a-f]{10}\]/g));
  expect(marks(received.otlp).size).toBeGreaterThan(20);
  expect([...marks(received.otlp)].sort()).toEqual([...marks(received.ingest)].sort());
  expect(filesIn(space.folder)).toEqual([join(home, "redaction-key")]);
});

const changes = [
  "default: a@example.com 4111 1111 1111 1111",
  "email: [email] 4111 1111 1111 1111",
  "card: a@example.com [credit_card]",
  "unknown pattern: [email] [credit_card]",
  "no object: [email] [credit_card]",
  "no RegExp: [email] [credit_card]",
  "right again: a@example.com 4111 1111 1111 1111",
];

test("each call of configureRedaction holds for what ends later, and a wrong one redacts all there is", async () => {
  const { code, stdout, stderr } = await run("redaction-changes.mjs", { db: space.db });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect((await spansIn(space.db)).map(({ name, attributes }) => `${name}: ${attributes.text}`)).toEqual(changes);
  expect(stderr).toContain('there is no pattern "emial"');
  expect(stderr).toContain("custom: order is no RegExp");
  expect(stderr.match(/diag error/g)).toHaveLength(3);
});

test("what waited for a server is redacted as it was asked for when it ended", async () => {
  const reserved = createServer().listen(0, "127.0.0.1");
  await once(reserved, "listening");
  const at = port(reserved);
  reserved.close();
  await once(reserved, "close");
  const program = startProgram("redaction-changes.mjs", { db: space.db, args: [`ws://127.0.0.1:${at}/ingest`] });
  await program.message();
  const { received, close } = await listeners(at);
  program.child.send("there");
  await program.ended;
  close();
  const sent = received.ingest.flatMap((text) => JSON.parse(text).data.resourceSpans as ResourceSpans[]);
  const spans = sent.flatMap(({ scopeSpans = [] }) => scopeSpans.flatMap(({ spans = [] }) => spans));
  const texts = spans.map(({ name, attributes }) => `${name}: ${plainAttributes(attributes).text}`);
  expect(texts.sort()).toEqual([...changes].sort());
});
