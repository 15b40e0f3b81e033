import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { defaultRedaction } from "../../src/redaction/settings.js";
import { createIngestClient } from "../../src/sdk/ingest-client.js";
import { createOtlpSender } from "../../src/sdk/otlp-sender.js";
import type { PackedSpan } from "../../src/sdk/packed-span.js";
import { createSpanWriter } from "../../src/sdk/span-writer.js";
import { startProgram, workspace } from "./program.js";

const nothing = { resourceSpans: [] };
const setBack = () => vi.setSystemTime(Date.now() - 86_400_000);

let space: ReturnType<typeof workspace>;
const closing: (() => unknown)[] = [];
let said: string[];
const report = (level: string, message: string) => void said.push(`${level}: ${message}`);
beforeEach(() => {
  space = workspace();
  said = [];
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.useRealTimers();
  space.remove();
});

function writer() {
  const made = createSpanWriter(
    {
      path: space.db,
      service: "clock",
      retention: null,
      captureContent: true,
      engine: null,
      home: space.folder,
      otlp: null,
    },
    defaultRedaction,
    report,
    (step) => step(),
  );
  closing.push(() => made.close());
  return { made, write: () => made.write(1, () => nothing, null) };
}

test("A store that could not be opened is tried again though the clock was set back", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const folder = dirname(space.db);
  writeFileSync(folder, "in the way");
  const { write } = writer();
  expect(await write()).not.toBeNull();
  rmSync(folder);
  mkdirSync(folder);
  vi.advanceTimersByTime(31_000);
  setBack();
  expect(await write()).toBeNull();
});

test("A file that was deleted is begun anew though the clock was set back", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const { write } = writer();
  expect(await write()).toBeNull();
  rmSync(space.db);
  vi.advanceTimersByTime(1_500);
  setBack();
  expect(await write()).toBeNull();
  expect(said).toEqual([expect.stringContaining("was deleted")]);
});

test("What a server wants later is sent again though the clock was set back", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  closing.push(() => server.close());
  await once(server, "listening");
  let asked = 0;
  server.on("connection", (socket) => {
    // its answer to a ping says that it has heard what came before
    socket.on("pong", setBack);
    socket.on("message", (data) => {
      const { id } = JSON.parse(String(data));
      if (++asked > 1) return socket.send(JSON.stringify({ type: "ack", id, rejected: 0, reasons: [] }));
      socket.send(JSON.stringify({ type: "retry", id, reason: "busy" }));
      socket.ping();
    });
  });
  const { port } = server.address() as AddressInfo;
  const endpoint = { url: `ws://127.0.0.1:${port}/ingest`, token: null };
  const client = createIngestClient({ endpoint, encode: () => nothing, kept: false, report });
  closing.push(() => client.close());
  const span: PackedSpan = [
    ...[0, 0, "0".repeat(31).concat("1"), "0".repeat(15).concat("1"), undefined, undefined, 1, "late", 0, 1, 0, 2, 0],
    ...[{}, 0, 0, undefined, undefined, 0, undefined, 0],
  ] as unknown as PackedSpan;
  client.send([], [span]);
  expect(await client.flush(10_000, false)).toBeNull();
  expect(asked).toBe(2);
});

test("A program that ends does not wait for an endpoint's second chance though the clock was set back", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    request.resume();
    response.writeHead(503, { "retry-after": "20" }).end();
  }).listen(0, "127.0.0.1");
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  await once(server, "listening");
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sender = createOtlpSender({ url, headers: {} }, (level, message) => {
    report(level, message);
    if (level !== "warn") return;
    // it is waiting now
    setImmediate(() => {
      sender.flush(5_000, true).then(end);
      setBack();
    });
  });
  sender.send(nothing, 1);
  await ended;
  expect(asked).toBe(2);
  expect(said.at(-1)).toMatch(/^error: .* did not reach .* HTTP 503/);
});

test("A program that exits waits no longer for its recorder though its clock goes back and back", async () => {
  const { child, ended } = startProgram("clock-back.mjs");
  closing.push(() => child.kill("SIGKILL"));
  expect(await ended).toMatchObject({ code: 0, messages: [false], stdout: "", stderr: "" });
});
