/** Broken OTLP bodies, the same in every run: the server answers each, and keeps what it took. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import type { OtlpSpan, TracesData } from "../../src/model/otlp.js";
import { decode } from "../../src/server/otlp/decode.js";
import { chat, message, requestOf, span } from "../store/otlp.js";
import { type Random, seeded } from "../store/seeded.js";
import { post, serve, spanIds } from "./serve.js";

const corpus = ["openllmetry-openai", "vercel6-ai", "anthropic_sdk_native-anthropic"].map(
  (name) => readFileSync(new URL(`../fixtures/corpus/${name}.otlp.jsonl`, import.meta.url), "utf8").split("\n", 1)[0],
) as string[];

/** Field numbers as in opentelemetry-proto; enough of them to write a request. */
const { root } = protobuf.parse(`syntax = "proto3";
  message Any { oneof value { string stringValue = 1; int64 intValue = 3; List arrayValue = 5; } }
  message List { repeated Any values = 1; }
  message KeyValue { string key = 1; Any value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message TracesData { repeated ResourceSpans resourceSpans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span { bytes traceId = 1; bytes spanId = 2; bytes parentSpanId = 4; string name = 5; int32 kind = 6;
    fixed64 startTimeUnixNano = 7; fixed64 endTimeUnixNano = 8; repeated KeyValue attributes = 9; }`);

const callsOf = (n: number): OtlpSpan[] =>
  [1, 2, 3].map((k) =>
    span({ trace: n, id: 10 * n + k, attributes: chat({ input: k, messages: [message("user", "Hi! ".repeat(9))] }) }),
  );

function binary(n: number): Buffer {
  const hex = (id: string) => Buffer.from(id, "hex");
  const spans = callsOf(n).map((one) => ({ ...one, traceId: hex(one.traceId), spanId: hex(one.spanId) }));
  const data = requestOf(spans as unknown as OtlpSpan[]);
  const type = root.lookupType("TracesData");
  return Buffer.from(type.encode(type.fromObject(data)).finish());
}

const words = ["null", "{}", "[]", "-1", '""', "1e999", '"\\ud800"', "true", "[[[[", '"__proto__":', "\u0000", "NaN"];

function broken(bytes: Buffer, random: Random, isText: boolean): Buffer {
  let out = Buffer.from(bytes);
  for (let n = random.below(4); n > 0 && out.length > 0; n--) {
    const at = random.below(out.length);
    const kind = random.pick([0, 0, 0, 0, 1, 2, 3, 4, 4, 4]);
    if (kind === 0) out[at] = random.below(256);
    else if (kind === 1) out = out.subarray(0, at);
    else if (kind === 2) out = Buffer.concat([out.subarray(0, at), out.subarray(at + random.below(40))]);
    else if (kind === 3) out = Buffer.concat([out.subarray(0, at), out.subarray(random.below(at + 1))]);
    else if (isText) {
      // a value becomes another one: the text stays JSON now and then
      const text = out.toString("latin1");
      const colon = text.indexOf(":", at);
      const end = text.slice(colon).search(/[,}\]]/);
      if (colon > 0 && end > 0)
        out = Buffer.from(text.slice(0, colon + 1) + random.pick(words) + text.slice(colon + end), "latin1");
    } else out = Buffer.concat([out.subarray(0, at), Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 7]), out.subarray(at)]);
  }
  return out;
}

/** The spans of a request that must have been kept. */
function wholeSpans(data: TracesData): string[] {
  const list = <T>(value: T[] | undefined): T[] => (Array.isArray(value) ? value : []);
  const spans = list(data.resourceSpans).flatMap((r) => list(r?.scopeSpans).flatMap((s) => list(s?.spans)));
  const isId = (id: unknown, digits: number) =>
    typeof id === "string" && new RegExp(`^[0-9a-f]{${digits}}$`, "i").test(id) && !/^0+$/.test(id);
  return spans.filter((one) => isId(one?.traceId, 32) && isId(one?.spanId, 16)).map((one) => one.spanId.toLowerCase());
}

test.each([
  ["json", 17],
  ["protobuf", 23],
] as const)("500 broken bodies of %s", async (format, seed) => {
  const served = await serve();
  const random = seeded(seed);
  const type = { "content-type": format === "json" ? "application/json" : "application/x-protobuf" };
  const statuses = new Map<number, number>();
  const kept = new Set<string>();
  for (let n = 0; n < 500; n += 4) {
    await Promise.all(
      [0, 1, 2, 3].map(async (k) => {
        const whole =
          format === "protobuf"
            ? binary(n + k + 1)
            : Buffer.from(random.chance(0.5) ? random.pick(corpus) : JSON.stringify(requestOf(callsOf(n + k + 1))));
        const body = new Uint8Array(broken(whole, random, format === "json"));
        const zipped = random.chance(0.2) ? new Uint8Array(gzipSync(body)) : null;
        if (zipped && random.chance(0.5)) zipped[random.below(zipped.length)] = random.below(256);
        const sent = zipped && random.chance(0.3) ? zipped.slice(0, random.below(zipped.length)) : (zipped ?? body);
        const answer = await post(served.url, sent, { ...type, ...(zipped ? { "content-encoding": "gzip" } : {}) });
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const text = await answer.text();
        // what is rejected in part names no spans, so only wholly accepted ones are looked for
        const partly = format === "json" ? text !== "{}" : text !== "";
        if (answer.status !== 200 || partly) return;
        for (const id of wholeSpans(decode({ signal: "traces", format, bytes: body }) as TracesData)) kept.add(id);
      }),
    );
  }
  expect([...statuses.keys()].filter((status) => ![200, 400, 413, 415].includes(status))).toEqual([]);
  expect(statuses.get(200)).toBeGreaterThan(100);
  expect(statuses.get(400)).toBeGreaterThan(100);
  expect(kept.size).toBeGreaterThan(100);
  const ids = await spanIds(served.path);
  expect([...kept].filter((id) => !ids.has(id))).toEqual([]);
  expect(await served.stop()).toBe(0);
  expect(served.stderr()).not.toContain("failed");
});
