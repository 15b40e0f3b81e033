/** Who may come in, as strangers find it: requests as they are on the wire. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start.js";

const token = "a-long-enough-secret";
let open: TestServer;
let closed: TestServer;
beforeAll(async () => {
  [open, closed] = await Promise.all([startTestServer(), startTestServer({ token })]);
});
afterAll(() => Promise.all([open.close(), closed.close()]));

/** The status of a request with exactly these header lines. */
async function status(server: TestServer, head: string, headers: string[] = []): Promise<number> {
  const socket = connect(server.port, "127.0.0.1");
  const named = [...headers];
  if (!headers.some((line) => /^connection:/.test(line))) named.unshift("connection: close");
  if (!headers.some((line) => /^host:/.test(line))) named.unshift(`host: 127.0.0.1:${server.port}`);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => (text += chunk));
  socket.write(`${head} HTTP/1.1\r\n${named.join("\r\n")}${named.includes("") ? "" : "\r\n\r\n"}`);
  while (!text.includes("\r\n\r\n") && !socket.closed) await once(socket, "data");
  socket.destroy();
  expect(text).not.toContain(token);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

const upgrade = ["upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="];
const send = ["content-type: application/json", "content-length: 2", "", "{}"];

describe("on loopback without a token", () => {
  test.each(["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]"])(
    "it answers to the name %s",
    async (name) => {
      expect(await status(open, "GET /healthz", [`host: ${name}:${open.port}`])).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "",
    "[::1].evil.example",
    "127.0.0.1@evil",
  ])("a name that was bent to this machine is refused: %s", async (name) => {
    expect(await status(open, "GET /healthz", [`host: ${name}`])).toBe(421);
    expect(await status(open, "POST /v1/traces", [`host: ${name}`, ...send])).toBe(421);
    expect(await status(open, "GET /live", [`host: ${name}`, "connection: upgrade", ...upgrade])).toBe(421);
  });

  test.each(["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost.evil.example", "file://"])(
    "a page of %s can neither read nor write",
    async (origin) => {
      for (const [head, headers] of [
        ["GET /healthz", []],
        ["POST /v1/traces", send],
        ["POST /mcp", send],
        ["GET /live", ["connection: upgrade", ...upgrade]],
        ["GET /ws", ["connection: upgrade", "sec-websocket-protocol: mcp", ...upgrade]],
        ["OPTIONS /v1/traces", ["access-control-request-method: POST"]],
      ] as [string, string[]][])
        expect([head, await status(open, head, [`origin: ${origin}`, ...headers])]).toEqual([head, 403]);
    },
  );

  test("a browser that says where a request comes from is believed", async () => {
    const of = (site: string) => status(open, "GET /healthz", [`sec-fetch-site: ${site}`]);
    expect([await of("cross-site"), await of("same-site"), await of("same-origin"), await of("none")]).toEqual([
      403, 403, 200, 200,
    ]);
    const own = `origin: http://127.0.0.1:${open.port}`;
    expect(await status(open, "GET /healthz", [own])).toBe(200);
  });
});

describe("with a token", () => {
  const bearer = (text: string) => [`authorization: ${text}`];

  test("nothing that was recorded is told or taken without it; only whose store it is", async () => {
    expect(await status(closed, "GET /healthz")).toBe(200);
    for (const head of ["POST /v1/traces", "POST /v1/logs", "POST /mcp", "GET /nothing"])
      expect([head, await status(closed, head, send)]).toEqual([head, 401]);
    for (const path of ["/ws", "/live"])
      expect(await status(closed, `GET ${path}`, ["connection: upgrade", ...upgrade])).toBe(401);
  });

  test.each([
    "Bearer wrong",
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Basic ${token}`,
    "Bearer",
    "Bearer  ",
  ])("%s is refused", async (text) => {
    expect(await status(closed, "POST /v1/traces", [...bearer(text), ...send])).toBe(401);
  });

  test("it is taken from the header, or from the address where no header can be set", async () => {
    expect(await status(closed, "POST /v1/traces", [...bearer(`Bearer ${token}`), ...send])).toBe(200);
    expect(await status(closed, "POST /v1/traces", [...bearer(`bearer ${token}`), ...send])).toBe(200);
    expect(await status(closed, `POST /v1/traces?access_token=${token}`, send)).toBe(200);
    expect(await status(closed, `GET /live?access_token=${token}`, ["connection: upgrade", ...upgrade])).toBe(101);
    expect(await status(closed, "POST /v1/traces?access_token=", send)).toBe(401);
  });

  test("Host and Origin are looked at before it", async () => {
    expect(await status(closed, "POST /v1/traces", ["host: evil.example", ...bearer(`Bearer ${token}`), ...send])).toBe(
      421,
    );
    expect(await status(closed, "POST /v1/traces", ["origin: https://evil.example", ...send])).toBe(403);
  });
});
