/** OTLP over HTTP, into a real `agensight serve`. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { deflateSync, gzipSync } from "node:zlib";
import { SpanStatusCode } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { AgensightError } from "../../src/model/error.js";
import { otlpRoute } from "../../src/server/otlp/routes.js";
import { startServer } from "../../src/server/server.js";
import { chat, message, requestOf, span, spanId, traceId } from "../store/otlp.js";
import { ask, post, serve, spanIds } from "./serve.js";
import { startTestServer } from "./start.js";

const corpus = (name: string) =>
  readFileSync(new URL(`../fixtures/corpus/${name}`, import.meta.url), "utf8")
    .trim()
    .split("\n");

const { root } = protobuf.parse(`syntax = "proto3";
  message Response { Partial partial_success = 1; }
  message Partial { int64 rejected = 1; string error_message = 2; }
  message Status { int32 code = 1; string message = 2; }`);

async function decoded(type: "Response" | "Status", response: Response): Promise<Record<string, unknown>> {
  const message = root.lookupType(type);
  return message.toObject(message.decode(new Uint8Array(await response.arrayBuffer())), { longs: Number });
}

type Answer = { partialSuccess?: { rejectedSpans?: string } };
type MakeExporter = (options: { url: string; compression: "gzip" | "none" }) => SpanExporter;
const exporters: [string, MakeExporter][] = [
  ["exporter-trace-otlp-http", (options) => new JsonExporter(options as ConstructorParameters<typeof JsonExporter>[0])],
  [
    "exporter-trace-otlp-proto",
    (options) => new ProtoExporter(options as ConstructorParameters<typeof ProtoExporter>[0]),
  ],
];

describe.each(exporters)("OpenTelemetry's own %s", (_, makeExporter) => {
  test.each(["none", "gzip"] as const)("delivers every kind of value, compression %s", async (compression) => {
    const { url, path, stop } = await serve();
    const exporter = makeExporter({ url: `${url}/v1/traces`, compression });
    const results: number[] = [];
    const watched: SpanExporter = {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          results.push(result.code);
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.name": "exporting" }),
      spanProcessors: [new BatchSpanProcessor(watched)],
    });
    const tracer = provider.getTracer("app", "1.2.3");
    const sent = tracer.startSpan("chat gpt-4o", {
      startTime: [1_795_000_000, 123_456_789],
      attributes: {
        ...chat({ input: 12, output: 3, messages: [message("user", "Wie heißt du? 🦊")], reply: "Ada" }),
        large: Number.MAX_SAFE_INTEGER,
        negative: -7,
        half: 0.5,
        yes: true,
        list: ["a", "b"],
      },
    });
    sent.addEvent("note", { n: 1 });
    sent.setStatus({ code: SpanStatusCode.ERROR, message: "it broke" });
    sent.end([1_795_000_001, 0]);
    const { traceId: trace_id, spanId: span_id } = sent.spanContext();
    await provider.forceFlush();
    await provider.shutdown();

    expect(results).toEqual([0]);
    const found = await ask(path, async (reader) => ({
      trace: (await reader.getTrace({ trace_id })).trace,
      span: await reader.getSpan({ span_id, trace_id }),
    }));
    expect(found.trace).toMatchObject({ service: "exporting", input_tokens: 12, output_tokens: 3 });
    expect(found.span).toMatchObject({
      name: "chat gpt-4o",
      kind: "llm",
      status: "error",
      model: "gpt-4o",
      input_messages: [message("user", "Wie heißt du? 🦊")],
      output_messages: [message("assistant", "Ada")],
      attributes: { large: Number.MAX_SAFE_INTEGER, negative: -7, half: 0.5, yes: true, list: ["a", "b"] },
    });
    expect(await stop()).toBe(0);
  });
});

describe("a request", () => {
  test("is taken plain, gzipped and deflated, and answered when it is on disk", async () => {
    const { url, path } = await serve();
    const bodies = [1, 2, 3].map((n) => JSON.stringify(requestOf([span({ trace: n, id: n })])));
    const answers = [
      await post(url, bodies[0] as string),
      await post(url, gzipSync(bodies[1] as string), { "content-encoding": "gzip" }),
      await post(url, deflateSync(bodies[2] as string), { "content-encoding": "deflate" }),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
        200,
        "application/json",
        "{}",
      ]);
    }
    expect(await spanIds(path)).toEqual(new Set([spanId(1), spanId(2), spanId(3)]));
  });

  test("may be empty, in both encodings", async () => {
    const { url } = await serve();
    expect((await post(url, {})).status).toBe(200);
    expect((await post(url, { resourceSpans: [] })).status).toBe(200);
    expect((await post(url, {}, {}, "logs")).status).toBe(200);
    const empty = await post(url, new Uint8Array(0), { "content-type": "application/x-protobuf" });
    expect([empty.status, empty.headers.get("content-type"), await empty.text()]).toEqual([
      200,
      "application/x-protobuf",
      "",
    ]);
  });

  test("with some bad spans: the good ones are kept, the bad ones are counted and explained", async () => {
    const { url, path } = await serve();
    const body = requestOf([
      span({ trace: 1, id: 1 }),
      { ...span({ trace: 1, id: 2 }), spanId: "xyz" },
      { ...span({ trace: 1, id: 3 }), traceId: "0".repeat(32) },
    ]);
    const answer = await post(url, body);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      partialSuccess: {
        rejectedSpans: "2",
        errorMessage: "spanId is not 16 hex digits (or all zero); traceId is not 32 hex digits (or all zero)",
      },
    });
    // Resource spans { scope spans { span { trace_id: 16 bytes, span_id: 2 bytes } } }
    const bad = Uint8Array.from([10, 26, 18, 24, 18, 22, 10, 16, ...Array(16).fill(1), 18, 2, 1, 2]);
    const binary = await post(url, bad, { "content-type": "application/x-protobuf" });
    expect(binary.status).toBe(200);
    expect(await decoded("Response", binary)).toEqual({
      partialSuccess: { rejected: 1, errorMessage: "spanId is not 16 hex digits (or all zero)" },
    });
    expect(await spanIds(path)).toEqual(new Set([spanId(1)]));
  });

  test("that arrives with others is answered for itself: neither a bad nor a refused one harms its neighbours", async () => {
    const { url, path } = await serve();
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const good = requestOf([span({ trace: n + 1, id: n + 1 })]);
        const partly = requestOf([span({ trace: n + 1, id: n + 1 }), { ...span({ trace: 1, id: 1 }), spanId: "" }]);
        const malformed = {
          resourceSpans: [{ scopeSpans: [{ spans: [{ ...span({ trace: n + 1, id: n + 1 }), name: { x: [] } }] }] }],
        };
        const body = n % 4 === 0 ? good : n % 4 === 1 ? partly : n % 4 === 2 ? "{" : malformed;
        const answer = await post(url, body as never);
        return [
          n % 4,
          answer.status,
          n % 4 === 1 ? ((await answer.json()) as Answer).partialSuccess?.rejectedSpans : null,
        ];
      }),
    );
    const kind = (wanted: number) => answers.filter(([of]) => of === wanted);
    expect(kind(0).every(([, status]) => status === 200)).toBe(true);
    expect(kind(1).every(([, status, rejected]) => status === 200 && rejected === "1")).toBe(true);
    expect(kind(2).every(([, status]) => status === 400)).toBe(true);
    expect(kind(3).every(([, status]) => status === 200 || status === 400)).toBe(true);
    const ids = await spanIds(path);
    for (let n = 0; n < 40; n++) if (n % 4 < 2) expect(ids).toContain(spanId(n + 1));
  });
});

test("Message content that arrives as log records joins its spans, before or after them", async () => {
  const { url, path } = await serve();
  const [spans, logs] = [corpus("otel-openai.otlp.jsonl"), corpus("otel-openai.otlp-logs.jsonl")];
  const half = Math.ceil(logs.length / 2);
  for (const line of logs.slice(0, half)) expect((await post(url, line, {}, "logs")).status).toBe(200);
  for (const line of spans) expect((await post(url, line)).status).toBe(200);
  for (const line of logs.slice(half)) {
    const answer = await post(url, gzipSync(line), { "content-encoding": "gzip" }, "logs");
    expect([answer.status, await answer.text()]).toEqual([200, "{}"]);
  }
  const record = JSON.parse(logs[0] as string).resourceLogs[0].scopeLogs[0].logRecords[0];
  const found = await ask(path, (reader) => reader.getSpan({ trace_id: record.traceId, span_id: record.spanId }));
  expect(JSON.stringify(found.input_messages)).toContain("You are a helpful assistant.");
  expect(found.output_messages).not.toHaveLength(0);
});

test("Log records without message content are taken, and not counted as rejected", async () => {
  const { url } = await serve();
  const record = { timeUnixNano: "1", body: { stringValue: "started" }, traceId: traceId(1), spanId: spanId(1) };
  const answer = await post(url, { resourceLogs: [{ scopeLogs: [{ logRecords: [record, {}] }] }] }, {}, "logs");
  expect([answer.status, await answer.text()]).toEqual([200, "{}"]);
});

describe("errors are google.rpc.Status in the encoding of the request", () => {
  test("a wrong method, a wrong type, nonsense", async () => {
    const { url } = await serve();
    const wrongMethod = await fetch(`${url}/v1/traces`);
    expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await wrongMethod.json()).toEqual({ code: 12, message: "/v1/traces answers to POST." });

    const wrongType = await post(url, "a=b", { "content-type": "text/plain" });
    expect(wrongType.status).toBe(415);
    expect(await wrongType.json()).toEqual({ code: 3, message: "Send application/json or application/x-protobuf." });
    const wrongEncoding = await post(url, "{}", { "content-encoding": "br" });
    expect(wrongEncoding.status).toBe(415);

    const nonsense = await post(url, "nonsense");
    expect(nonsense.status).toBe(400);
    expect(await nonsense.json()).toEqual({ code: 3, message: "The body is no JSON." });
    const binary = await post(url, Uint8Array.from([255, 255, 255]), { "content-type": "application/x-protobuf" });
    expect([binary.status, binary.headers.get("content-type")]).toEqual([400, "application/x-protobuf"]);
    expect(await decoded("Status", binary)).toEqual({
      code: 3,
      message: "The body is no OTLP traces request in protobuf.",
    });
    expect((await post(url, "{}", { "content-type": "application/json; charset=utf-8" })).status).toBe(200);
  });

  test.each(["application/json", "application/x-protobuf"])("a body (%s) that stops half-way", async (type) => {
    const server = await startTestServer();
    const { context } = server;
    const routes = [otlpRoute("traces", 50)];
    const running = await startServer({
      host: "127.0.0.1",
      port: 0,
      hosts: [],
      token: null,
      context,
      routes,
      socketRoutes: [],
    });
    const stopped = request({
      port: running.port,
      host: "127.0.0.1",
      path: "/v1/traces",
      method: "POST",
      headers: { "content-type": type, "content-length": 1000 },
    });
    stopped.write("{");
    const [incoming] = (await once(stopped, "response")) as [IncomingMessage];
    const answer = new Response(Buffer.concat(await incoming.toArray()));
    expect([incoming.statusCode, incoming.headers.connection, incoming.headers["content-type"]]).toEqual([
      408,
      "close",
      type,
    ]);
    expect(type.endsWith("json") ? await answer.json() : await decoded("Status", answer)).toEqual({
      code: 4,
      message: "The rest of the body did not come in time.",
    });
    stopped.on("error", () => {});
    await running.close();
    await server.close();
    expect(server.said).toEqual([]);
  });

  test.each(["disk_full", "read_only", "busy", "internal", "newer_file"] as const)(
    "a store that cannot be written (%s) asks the sender to keep it and try again",
    async (code) => {
      const server = await startTestServer();
      server.context.receiver.receive = async () => {
        throw new AgensightError(code, "The store cannot be written.");
      };
      for (const type of ["application/json", "application/x-protobuf"]) {
        const answer = await post(server.url, new Uint8Array(0), { "content-type": type });
        expect([answer.status, answer.headers.get("retry-after"), answer.headers.get("content-type")]).toEqual([
          503,
          "1",
          type,
        ]);
        expect(type.endsWith("json") ? await answer.json() : await decoded("Status", answer)).toEqual({
          code: 14,
          message: "The store cannot be written.",
        });
      }
      await server.close();
    },
  );
});
