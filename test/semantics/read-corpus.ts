/** Corpus files read the way ingest reads them: spans with their facts and what their trace says about them. */
import { readFileSync } from "node:fs";
import { type Derived, deriveTrace } from "../../src/model/derive.js";
import type { MessageSource, SpanFacts } from "../../src/model/facts.js";
import type { Message } from "../../src/model/message.js";
import {
  type LogsData,
  type OtlpScope,
  type OtlpSpan,
  plainAttributes,
  type TracesData,
} from "../../src/model/otlp.js";
import { messageText, readMessages } from "../../src/model/read-message.js";
import { normaliseLog } from "../../src/semantics/log-events.js";
import { normaliseSpan } from "../../src/semantics/normalise.js";

export type CorpusSpan = { span: OtlpSpan; scope: OtlpScope | undefined; facts: SpanFacts; derived: Derived };

function lines(file: string): string[] {
  const text = readFileSync(new URL(`../fixtures/corpus/${file}`, import.meta.url), "utf8");
  return text.split("\n").filter((line) => line !== "");
}

export function readSpans(file: string): CorpusSpan[] {
  const traces = new Map<string, CorpusSpan[]>();
  for (const line of lines(`${file}.otlp.jsonl`)) {
    for (const { resource, scopeSpans = [] } of (JSON.parse(line) as TracesData).resourceSpans ?? []) {
      for (const { scope, spans = [] } of scopeSpans) {
        for (const span of spans) {
          const facts = normaliseSpan(span, plainAttributes(resource?.attributes), scope);
          const trace = traces.get(span.traceId) ?? [];
          traces.set(span.traceId, [...trace, { span, scope, facts, derived: undefined as unknown as Derived }]);
        }
      }
    }
  }
  for (const trace of traces.values()) {
    const derived = deriveTrace(trace.map(deriveSpan));
    trace.forEach((item, i) => {
      item.derived = derived[i] as Derived;
    });
  }
  return [...traces.values()].flat();
}

function deriveSpan({ span, facts }: CorpusSpan) {
  const start = Number(span.startTimeUnixNano) / 1000;
  return {
    ...facts,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId || null,
    start_us: start,
    duration_us: Number(span.endTimeUnixNano) / 1000 - start,
    is_error: span.status?.code === 2,
    model: facts.response_model ?? facts.request_model,
    cost_usd: null,
  };
}

/** Messages of a span, out of the attribute that holds them or as the normaliser built them. */
export function messagesOf(span: OtlpSpan, source: MessageSource | null): Message[] {
  if (source === null) return [];
  if ("messages" in source) return source.messages;
  return readMessages(String(plainAttributes(span.attributes)[source.key]));
}

export function printed(messages: Message[]): [string, string][] {
  return messages.map((message) => [message.role, messageText(message)]);
}

/** Message content of a log file, by span id and direction. */
export function readLogMessages(file: string): Map<string, { input: Message[]; output: Message[]; system: Message[] }> {
  const found = new Map<string, { input: Message[]; output: Message[]; system: Message[] }>();
  for (const line of lines(`${file}.otlp-logs.jsonl`)) {
    for (const { scopeLogs = [] } of (JSON.parse(line) as LogsData).resourceLogs ?? []) {
      for (const record of scopeLogs.flatMap(({ logRecords = [] }) => logRecords)) {
        const entry = found.get(record.spanId ?? "") ?? { input: [], output: [], system: [] };
        for (const { direction, message } of normaliseLog(record) ?? []) entry[direction].push(message);
        found.set(record.spanId ?? "", entry);
      }
    }
  }
  return found;
}
