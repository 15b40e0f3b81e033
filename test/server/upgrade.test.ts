/** Requests that offer another protocol, and peers that do not go when they are refused. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start.js";

let server: TestServer;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

async function open(): Promise<{ socket: Socket; received(text: string): Promise<string> }> {
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true }).setEncoding("utf8");
  sockets.push(socket);
  let all = "";
  socket.on("data", (text) => {
    all += text;
  });
  await once(socket, "connect");
  return {
    socket,
    async received(text) {
      while (!all.includes(text)) await once(socket, "data");
      return all;
    },
  };
}

const head = (line: string, headers: string[]) =>
  `${[line, `host: 127.0.0.1:${server.port}`, ...headers].join("\r\n")}\r\n\r\n`;
const h2c = ["connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAARAAAAAAAIAAAAA"];

test("An offer of HTTP/2, as Java's client makes it, is ignored and its request answered, body and all, and the next one too", async () => {
  server = await startTestServer();
  const { socket, received } = await open();
  const body = `{"resourceSpans":[${" ".repeat(300_000)}]}`;
  socket.write(
    head("POST /v1/traces HTTP/1.1", [...h2c, "content-type: application/json", `content-length: ${body.length}`]),
  );
  // the body comes later, in pieces
  socket.write(body.slice(0, 10));
  await new Promise((resolve) => setImmediate(resolve));
  socket.write(body.slice(10));
  expect(await received("\r\n\r\n{}")).toMatch(/^HTTP\/1\.1 200 OK/);
  socket.write(head("GET /healthz HTTP/1.1", []));
  await received('"ok":true');
});

test("The guard is not passed by an offer", async () => {
  server = await startTestServer({ token: "a-long-enough-secret" });
  const { socket, received } = await open();
  socket.write(head("POST /v1/traces HTTP/1.1", [...h2c, "content-type: application/json", "content-length: 0"]));
  expect(await received("\r\n\r\n")).toMatch(/^HTTP\/1\.1 401 /);
});

test("A refused upgrade whose peer keeps its half open holds neither a connection nor the stop", async () => {
  server = await startTestServer({ token: "a-long-enough-secret" });
  const { socket, received } = await open();
  const offer = [
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  socket.write(head("GET /live HTTP/1.1", offer));
  const ended = once(socket, "end");
  expect(await received("\r\n\r\n")).toMatch(/^HTTP\/1\.1 401 /);
  await ended;
  await server.running.close();
});
