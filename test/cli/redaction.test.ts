/** The commands that write stores redact what the configuration and --redact ask for. */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterAll, describe, expect, test } from "vitest";
import type { TraceReader } from "../../src/store/reader.js";
import { plantedLogs, plantedTraces, secret } from "../redaction/planted.js";
import { placesOnDisk } from "../redaction/raw-bytes.js";
import { overStdio } from "../server/clients.js";
import { ask, post, serve } from "../server/serve.js";
import { newStorePath } from "../store/temporary-folder.js";
import { makeHome, otlpLine } from "./agensight.js";

const { home, write, run, remove } = makeHome();
afterAll(remove);

const ids = ["1", "2"].map((digit) => digit.repeat(32)) as [string, string];
const config = (redaction: object) => write(`${Math.random()}.json`, JSON.stringify({ redaction }));
const planted = (mode: string) =>
  config({ patterns: ["email", "credit_card"], custom: { order: "ORD-\\d{8}" }, keys: ["password"], mode });

const names = (reader: TraceReader) =>
  reader.changes({ after_seq: 0, limit: 1000 }).then(({ changes }) => changes.map(({ span }) => span.name));

/** Spans as OpenTelemetry's protobuf exporter sends them. */
async function sendProtobuf(url: string): Promise<void> {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": secret(200), args: [secret(201)] }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const span = provider
    .getTracer(secret(202))
    .startSpan(secret(203), { attributes: { a: secret(204), b: [secret(205)] } });
  span.addEvent(secret(206), { c: secret(207) });
  span.recordException(new Error(secret(208)));
  span.setStatus({ code: 2, message: secret(209) });
  span.end();
  await provider.shutdown();
}

describe.each(["mask", "pseudonym", "drop"])("mode %s", (mode) => {
  test("agensight serve writes none of what it is sent as JSON and protobuf", async () => {
    const { url, path, stop } = await serve(["--config", planted(mode)]);
    expect((await post(url, plantedTraces(ids[0]))).status).toBe(200);
    expect((await post(url, plantedLogs(ids[0]), {}, "logs")).status).toBe(200);
    await sendProtobuf(url);
    expect(await placesOnDisk(dirname(path), path)).toEqual({});
    await stop();
    expect(await placesOnDisk(dirname(path), path)).toEqual({});
    expect((await ask(path, names)).length).toBeGreaterThan(10);
  });

  test("agensight import writes none of what it reads", async () => {
    const path = newStorePath();
    const stdin = [plantedTraces(ids[0]), plantedLogs(ids[0]), plantedTraces(ids[1], 6)]
      .map((line) => JSON.stringify(line))
      .join("\n");
    const { code } = await run(["import", "-", "--db", path, "--config", planted(mode), "--keep", "3650d"], { stdin });
    expect(code).toBe(0);
    expect(await placesOnDisk(dirname(path), path)).toEqual({});
    expect((await ask(path, names)).length).toBeGreaterThan(10);
  });
});

test("agensight mcp --otlp writes none of what it is sent", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const path = newStorePath();
  const args = ["--db", path, "--config", planted("mask"), "--otlp", String(port)];
  const client = await overStdio(args, { AGENSIGHT_HOME: home });
  const send = () => post(`http://127.0.0.1:${port}`, plantedTraces(ids[0])).catch(() => null);
  let answer = await send();
  while (!answer) answer = await send();
  expect(answer.status).toBe(200);
  expect(await placesOnDisk(dirname(path), path)).toEqual({});
  await client.close();
});

describe("what is redacted", () => {
  const line = otlpLine({ name: "a@example.com 4111 1111 1111 1111 ORD-00000001" });
  async function imported(args: string[]): Promise<string | undefined> {
    const path = newStorePath();
    const { code, stderr } = await run(["import", "-", "--db", path, ...args], { stdin: line });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return (await ask(path, names))[0];
  }

  test("is what the flag names instead of the configuration's patterns; its keys, custom patterns and mode stay", async () => {
    const file = config({ patterns: ["credit_card"], custom: ["ORD-\\d+"], mode: "mask" });
    expect(await imported([])).toBe("a@example.com 4111 1111 1111 1111 ORD-00000001");
    expect(await imported(["--config", file])).toBe("a@example.com [credit_card] [custom]");
    expect(await imported(["--config", file, "--redact", "email"])).toBe("[email] 4111 1111 1111 1111 [custom]");
    expect(await imported(["--redact", "email,credit_card"])).toBe("[email] [credit_card] ORD-00000001");
  });

  test("is told by doctor", async () => {
    const file = config({ patterns: ["email"], keys: ["password"], custom: { order: "x" }, mode: "drop" });
    const { stdout } = await run(["doctor", "--config", file]);
    expect(stdout).toContain(
      "api_key, jwt, private_key, url_credentials, email, order, whole values under password (drop)",
    );
  });

  test("that is no pattern is wrong usage", async () => {
    const { code, stdout, stderr } = await run(["serve", "--redact", "email,fone"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('there is no pattern "fone" (did you mean "phone"?)');
  });
});

test("processes that begin a store at once give the same value the same pseudonym", async () => {
  const path = newStorePath();
  const file = config({ patterns: ["email"], mode: "pseudonym" });
  const runs = Array.from({ length: 4 }, () =>
    run(["import", "-", "--db", path, "--config", file], { stdin: otlpLine({ name: "a@example.com" }) }),
  );
  for (const { code, stderr } of await Promise.all(runs)) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const found = await ask(path, names);
  expect(found).toHaveLength(4);
  expect(new Set(found).size).toBe(1);
  expect(readFileSync(`${path}.redaction-key`)).toHaveLength(32);
});
