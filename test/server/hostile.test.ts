/** What bad senders get, and that the server goes on for the others. */
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type ClientRequest, request } from "node:http";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { requestOf, span, spanId } from "../store/otlp.js";
import { batchRequest, batchSpans } from "../store/programs/numbered-batches.js";
import { post, type Served, serve, spanIds } from "./serve.js";

const mebibyte = 1024 * 1024;
const gzipped = { "content-encoding": "gzip" };
const good = (n: number) => requestOf([span({ trace: n, id: n })]);

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function expectServing(served: Served, n = 77): Promise<void> {
  expect((await post(served.url, good(n))).status).toBe(200);
  expect(await spanIds(served.path)).toContain(spanId(n));
}

function bomb(text: string, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(Buffer.alloc(size, text), { level: 9 }));
}

test("Half a gzip, a wrong one and a bomb are refused", async () => {
  const served = await serve();
  const whole = gzipSync(JSON.stringify(good(1)));
  const half = await post(served.url, new Uint8Array(whole.subarray(0, whole.length / 2)), gzipped);
  expect([half.status, await half.json()]).toEqual([
    400,
    { code: 3, message: "The body is no gzip, or a part of it is missing." },
  ]);
  expect((await post(served.url, JSON.stringify(good(1)), gzipped)).status).toBe(400);
  const exploding = await post(served.url, bomb(" ", 200 * mebibyte), gzipped);
  expect([exploding.status, await exploding.json()]).toEqual([
    413,
    { code: 3, message: "The body is larger than 64 MiB when decompressed. Send fewer spans in a request." },
  ]);
  await expectServing(served);
});

test.each([300, 100_000, 30 * mebibyte])("JSON nested %s levels deep is refused", async (levels) => {
  const served = await serve();
  for (const text of ["[", '{"a":']) {
    const answer = await post(served.url, bomb(text, levels * text.length), gzipped);
    expect([text, answer.status, (await answer.json()) as object]).toEqual([
      text,
      levels * text.length > 64 * mebibyte ? 413 : expect.any(Number),
      expect.objectContaining({ code: 3 }),
    ]);
    expect([400, 413]).toContain(answer.status);
  }
  const closed = `{"a":${"[".repeat(300)}${"]".repeat(300)}}`;
  const answer = await post(served.url, closed);
  expect([answer.status, await answer.json()]).toEqual([
    413,
    { code: 3, message: "The body is nested deeper than 200 levels." },
  ]);
  await expectServing(served);
});

test("Protobuf nested deeply is refused", async () => {
  const served = await serve();
  // an AnyValue in an array in an AnyValue …, each with its length in front
  let value = Buffer.alloc(0);
  const wrap = (tag: number, inner: Buffer) => {
    const length: number[] = [];
    for (let n = inner.length; length.length === 0 || n > 0; n >>>= 7) length.push((n & 127) | (n > 127 ? 128 : 0));
    return Buffer.concat([Buffer.from([tag, ...length]), inner]);
  };
  for (let n = 0; n < 3000; n++) value = wrap(0x2a, wrap(0x0a, value));
  const attribute = wrap(0x0a, Buffer.concat([wrap(0x0a, Buffer.from("k")), wrap(0x12, value)]));
  const body = new Uint8Array(wrap(0x0a, wrap(0x0a, attribute)));
  const answer = await post(served.url, body, { "content-type": "application/x-protobuf" });
  expect(answer.status).toBe(400);
  await expectServing(served);
});

/** A request with `middle`, repeated up to `size` bytes, where its resources are. */
function repeated(middle: string, size: number): Uint8Array<ArrayBuffer> {
  const text = `{"resourceSpans":[${middle.repeat(size / middle.length)}{}]}`;
  return new Uint8Array(gzipSync(text));
}

test("Small bodies that would take much memory are refused before they do", async () => {
  const served = await serve();
  const size = 60 * mebibyte;
  for (const [middle, why] of [
    ["[],", "1000000 objects and arrays"],
    ["1,", "4000000 values"],
    ['{"scopeSpans":[{"spans":[{},{},{},{},{},{},{},{},{},{}]}]},', "1000000 objects and arrays"],
  ] as const) {
    const answer = await post(served.url, repeated(middle, size), gzipped);
    const message = `The body has more than ${why}. Send fewer spans in a request.`;
    expect([middle, answer.status, await answer.json()]).toEqual([middle, 413, { code: 3, message }]);
  }
  const spans = await post(
    served.url,
    repeated('{"scopeSpans":[{"spans":[{},{},{},{},{},{},{},{},{},{}]}]},', 400_000),
    gzipped,
  );
  expect([spans.status, ((await spans.json()) as { message: string }).message]).toEqual([
    413,
    "The body has more than 50000 spans or log records. Send fewer spans in a request.",
  ]);
  // empty resources, each of two bytes
  const binary = new Uint8Array(gzipSync(Buffer.alloc(size, Buffer.from([10, 0]))));
  const answer = await post(served.url, binary, { "content-type": "application/x-protobuf", ...gzipped });
  expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining("more than 2000000 fields")]);
  await expectServing(served);
});

test("A body above 16 MiB is refused, said ahead or not, and the sender hears why", async () => {
  const served = await serve();
  const large = new Uint8Array(17 * mebibyte).fill(32);
  const answer = await post(served.url, large);
  expect([answer.status, await answer.json()]).toEqual([
    413,
    { code: 3, message: "The body is larger than 16 MiB. Send less in a request." },
  ]);
  const chunked = await new Promise<number>((resolve, reject) => {
    const sending = request(`${served.url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    sending.on("response", (response) => resolve(response.resume().statusCode ?? 0)).on("error", reject);
    for (let n = 0; n < 17; n++) sending.write(large.subarray(0, mebibyte));
    sending.end();
  });
  expect(chunked).toBe(413);
  await expectServing(served);
});

/** A sender that comes to so many bytes of its body, and from then on never to its end: now and then another byte. */
async function startSending(served: Served, bytes: number): Promise<ClientRequest> {
  const sending = request(`${served.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": bytes + 10_000 },
  });
  const more = setInterval(() => sending.write(" "), 500);
  sending.on("error", () => clearInterval(more)).on("close", () => clearInterval(more));
  await new Promise((resolve) => sending.write(Buffer.alloc(bytes, 32), resolve));
  return sending;
}

test("While too much waits others are asked to come again on the same connection; when it is gone they are served", async () => {
  const served = await serve();
  const stuck = await Promise.all([1, 2, 3, 4].map(() => startSending(served, Math.floor(15.9 * mebibyte))));
  // what the system still holds of them is read meanwhile
  for (let n = 0; n < 200; n++) await (await post(served.url, Buffer.from("{}"))).text();
  const body = new Uint8Array(mebibyte).fill(32);
  body.set(Buffer.from("{}"));
  let answer = await post(served.url, body);
  for (; answer.status === 200; answer = await post(served.url, body)) await answer.text();
  expect([answer.status, answer.headers.get("retry-after"), answer.headers.get("connection")]).toEqual([
    503,
    "1",
    "keep-alive",
  ]);
  expect(await answer.json()).toEqual({
    code: 14,
    message: "Too much is waiting to be written. Send it again in a moment.",
  });
  for (const sending of stuck) sending.destroy();
  for (answer = await post(served.url, body); answer.status === 503; answer = await post(served.url, body))
    await answer.text();
  expect(answer.status).toBe(200);
  await expectServing(served);
});

test("10,000 connections, most of them beyond what is let in, leave the server serving", async () => {
  const served = await serve();
  const attempt = () => {
    const socket = connect(served.port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    return once(socket, "connect").catch(() => {});
  };
  for (let n = 0; n < 10_000; n += 250) {
    await Promise.all(Array.from({ length: 250 }, attempt));
    // 1,500 stay as long as the server lets them
    for (const socket of sockets.splice(1500)) socket.destroy();
  }
  for (const socket of sockets.splice(0)) socket.destroy();
  let status = 0;
  while (status !== 200) status = (await post(served.url, good(3)).catch(() => null))?.status ?? 0;
  await expectServing(served);
  const memory = readFileSync(`/proc/${served.child.pid}/status`, "utf8");
  expect(Number(/VmRSS:\s+(\d+)/.exec(memory)?.[1])).toBeLessThan(300_000);
});

/** Sends batches over 4 connections until the server is gone; returns what was acknowledged. `busy` is told each count. */
async function sendUntilGone(served: Served, busy: (acknowledged: number) => void): Promise<number[]> {
  const acknowledged: number[] = [];
  let next = 0;
  const send = async () => {
    for (;;) {
      const batch = next++;
      const answer = await post(served.url, batchRequest(0, batch)).catch(() => null);
      if (answer?.status !== 200) return;
      await answer.text().catch(() => {});
      acknowledged.push(batch);
      busy(acknowledged.length);
    }
  };
  await Promise.all([send(), send(), send(), send()]);
  return acknowledged;
}

test.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
  "%s under load: what was acknowledged is in the file",
  async (signal) => {
    const served = await serve();
    const acknowledged = await sendUntilGone(served, (count) => {
      if (count === 60) served.child.kill(signal);
    });
    expect(await served.ended).toBe(signal === "SIGKILL" ? "SIGKILL" : 0);
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);
    const ids = await spanIds(served.path);
    for (const batch of acknowledged) for (const one of batchSpans(0, batch)) expect(ids).toContain(one.spanId);
  },
);

test("The file deleted under the server: what is acknowledged afterwards is in the new one", async () => {
  const served = await serve();
  for (let round = 1; round <= 3; round++) {
    expect((await post(served.url, good(round))).status).toBe(200);
    for (const end of ["", "-wal", "-shm"].slice(0, round)) rmSync(served.path + end, { force: true });
    expect((await post(served.url, good(10 * round))).status).toBe(200);
    expect(await spanIds(served.path)).toEqual(new Set([spanId(10 * round)]));
  }
});

test("A folder in the place of the file: senders are asked to try again, and succeed when it is gone", async () => {
  const served = await serve();
  for (const end of ["", "-wal", "-shm"]) rmSync(served.path + end, { force: true });
  mkdirSync(served.path);
  const answer = await post(served.url, good(1));
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  rmSync(served.path, { recursive: true });
  expect((await post(served.url, good(1))).status).toBe(200);
  expect(await spanIds(served.path)).toEqual(new Set([spanId(1)]));
});

test("A file that is no store in the place of it is left as it is", async () => {
  const served = await serve();
  for (const end of ["", "-wal", "-shm"]) rmSync(served.path + end, { force: true });
  writeFileSync(served.path, "somebody's notes");
  expect((await post(served.url, good(1))).status).toBe(503);
  expect(readFileSync(served.path, "utf8")).toBe("somebody's notes");
  expect(existsSync(`${served.path}-wal`)).toBe(false);
});
