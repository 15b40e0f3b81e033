/** One span with everything that was recorded of it. */
import { plainAttributes } from "../../model/otlp.js";
import { systemText } from "../../model/read-message.js";
import type { Row } from "../engines/engine.js";
import { getMeta } from "../meta.js";
import {
  decodeRow,
  inputMessages,
  loggedMessages,
  outputMessages,
  type SpanSource,
  sourceText,
  wholeSpanColumns,
} from "../read-span.js";
import type { SpanDetail } from "../reader.js";
import { readNano } from "../time.js";
import { asOfSeq } from "./cursor.js";
import { findSpan } from "./find-ids.js";
import { isoTime, milliseconds, spanSummary, summaryColumns, summaryTables } from "./rows.js";

const otelKinds = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

function eventTime(value: string | number | undefined, fallbackUs: number): string {
  return isoTime(readNano(value)?.us ?? fallbackUs);
}

/** What a list holds beside objects says nothing. */
function objects<T extends object>(list: T[] | undefined): T[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === "object" && item !== null) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function getSpan(source: SpanSource, query: { span_id: string; trace_id?: string }): SpanDetail {
  const { engine, strings } = source;
  const { id } = findSpan(engine, query.span_id, query.trace_id);
  const row = engine.get(`SELECT ${summaryColumns}, t.name AS trace_name FROM ${summaryTables} WHERE s.id = ?`, [
    id,
  ]) as Row;
  const whole = engine.get(
    `SELECT ${wholeSpanColumns}, s.cache_write_tokens, s.reasoning_tokens, s.user, s.first_token_us FROM span s JOIN trace t ON t.id = s.trace WHERE s.id = ?`,
    [id],
  ) as Row;
  const summary = spanSummary(source, row);
  const decoded = decodeRow(source, whole);
  const { span } = decoded;
  const logged = loggedMessages(source, summary.trace_id, summary.span_id);
  const input = inputMessages(source, decoded, id);
  const output = outputMessages(decoded);
  const system = sourceText(decoded, "system");
  const scope = JSON.parse(engine.get("SELECT body FROM scope WHERE id = ?", [whole.scope])?.body ?? "{}") as {
    scope?: { name?: string; version?: string };
  };
  const resource = JSON.parse(engine.get("SELECT body FROM resource WHERE id = ?", [whole.resource])?.body ?? "{}") as {
    resource?: { attributes?: [] };
  };
  return {
    ...summary,
    trace_name: strings.text(row.trace_name) ?? "",
    end: row.duration_us === null ? null : isoTime(row.start_us + row.duration_us),
    otel_kind: otelKinds[span.kind ?? 0] ?? "unspecified",
    request_model: strings.text(row.request_model),
    response_model: strings.text(row.response_model),
    response_id: decoded.response_id,
    finish_reason: decoded.finish_reason,
    first_token_ms: milliseconds(whole.first_token_us),
    cache_write_tokens: whole.cache_write_tokens,
    reasoning_tokens: whole.reasoning_tokens,
    user_id: strings.text(whole.user),
    tool_call_id: decoded.tool_call_id,
    error_stack: decoded.error_stack,
    price_version: summary.cost_usd === null ? null : String(getMeta(engine, "price_version")),
    system: system === null ? null : systemText(system),
    input_messages: input.length > 0 ? input : [...logged.system, ...logged.input],
    output_messages: output.length > 0 ? output : logged.output,
    tool_definitions: sourceText(decoded, "tool_definitions"),
    input_value: sourceText(decoded, "input_value"),
    output_value: sourceText(decoded, "output_value"),
    attributes: plainAttributes(span.attributes),
    events: objects(span.events).map((event) => ({
      name: textOf(event.name),
      time: eventTime(event.timeUnixNano, row.start_us),
      attributes: plainAttributes(event.attributes),
    })),
    links: objects(span.links).map((link) => ({
      trace_id: textOf(link.traceId),
      span_id: textOf(link.spanId),
      attributes: plainAttributes(link.attributes),
    })),
    resource: plainAttributes(resource.resource?.attributes),
    scope: { name: textOf(scope.scope?.name), version: textOf(scope.scope?.version) || null },
    child_count: Number(
      engine.get("SELECT count(*) AS n FROM span c WHERE c.trace = ? AND c.parent_id = ?", [
        row.trace,
        Buffer.from(summary.span_id, "hex"),
      ])?.n,
    ),
    redacted: decoded.redacted,
    as_of_seq: asOfSeq(engine),
  };
}
