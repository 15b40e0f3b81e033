import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TracesData } from "../../src/model/otlp.js";
import { run, spansIn, workspace } from "./program.js";

type Received = { path: string | undefined; headers: IncomingMessage["headers"]; body: TracesData };

/** An endpoint that answers with `statuses` in turn, the last one for good. */
async function endpoint(...statuses: number[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as TracesData;
    received.push({ path: request.url, headers: request.headers, body });
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    response.writeHead(status ?? 500, { "retry-after": "0" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

let space: ReturnType<typeof workspace>;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

test("Spans go to an OTLP endpoint beside the file, as gzipped OTLP/JSON with the given headers", async () => {
  const { received, url, close } = await endpoint(200);
  const { stdout, stderr } = await run("otlp.mjs", { db: space.db, args: [url, "beside"] });
  close();
  expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    path: "/v1/traces",
    headers: { authorization: "Bearer t", "content-type": "application/json", "content-encoding": "gzip" },
  });
  const [resource] = received[0]?.body.resourceSpans ?? [];
  expect(resource?.resource?.attributes).toContainEqual({ key: "service.name", value: { stringValue: "sender" } });
  const [span] = resource?.scopeSpans?.[0]?.spans ?? [];
  expect(span).toMatchObject({ name: "search", kind: 1, status: { code: 0 } });
  expect(span?.startTimeUnixNano).toMatch(/^\d{19}$/);
  expect(span?.attributes).toContainEqual({ key: "ratio", value: { doubleValue: 0.5 } });
  expect(span?.attributes).toContainEqual({ key: "many", value: { intValue: 3 } });
  expect(await spansIn(space.db)).toMatchObject([{ name: "search", span_id: span?.spanId }]);
});

test("dbPath false sends to the endpoint only", async () => {
  const { received, url, close } = await endpoint(200);
  await run("otlp.mjs", { db: space.db, args: [`${url}/custom/path`, "instead"] });
  close();
  expect(received.map(({ path }) => path)).toEqual(["/custom/path"]);
  expect(existsSync(space.db)).toBe(false);
});

test.each([429, 503])("An endpoint that answers %d is asked again", async (status) => {
  const { received, url, close } = await endpoint(status, status, 200);
  const { stderr } = await run("otlp.mjs", { db: space.db, args: [url, "beside"] });
  close();
  expect(received).toHaveLength(3);
  expect(received[2]?.body).toEqual(received[0]?.body);
  expect(stderr).not.toContain("diag error");
});

test("A request that the endpoint refuses is not repeated, and told to diag", async () => {
  const { received, url, close } = await endpoint(400);
  const { stderr, code } = await run("otlp.mjs", { db: space.db, args: [url, "beside"] });
  close();
  expect(received).toHaveLength(1);
  expect(stderr).toMatch(/diag error: agensight: 1 spans did not reach .* HTTP 400/);
  expect(code).toBe(0);
});

test("An endpoint that is not there keeps nothing from the file, and the program ends", async () => {
  const { code, stderr } = await run("otlp.mjs", { db: space.db, args: ["http://127.0.0.1:9", "beside"] });
  expect(code).toBe(0);
  expect(stderr).toContain("diag error");
  expect(await spansIn(space.db)).toHaveLength(1);
});

test("Spans reach the endpoint when the program exits at once", async () => {
  const { received, url, close } = await endpoint(200);
  await run("otlp.mjs", { db: space.db, args: [url, "beside", "content", "exit"] });
  close();
  expect(received).toHaveLength(1);
});

test("captureContent false holds for the endpoint too", async () => {
  const { received, url, close } = await endpoint(200);
  await run("otlp.mjs", { db: space.db, args: [url, "beside", "no content"] });
  close();
  expect(JSON.stringify(received[0]?.body)).not.toContain("secret");
  expect(JSON.stringify(received[0]?.body)).toContain("gen_ai.tool.name");
});
