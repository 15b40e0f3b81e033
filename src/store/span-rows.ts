/** A span on its way in as the cell that its trace is derived from, and as the row that is stored. */
import { errorFingerprint } from "../model/error-fingerprint.js";
import type { SpanFacts } from "../model/facts.js";
import { spanKinds } from "../model/kind.js";
import type { OtlpResource, OtlpScope, OtlpSpan } from "../model/otlp.js";
import { type Cell, failureCode } from "./cells.js";
import type { ContentWriter } from "./content.js";
import { addCounts, type ConversationWriter, type Redacting } from "./conversations.js";
import type { SqlValue } from "./engines/engine.js";
import type { Interned } from "./interned.js";
import type { PromptHashes } from "./prompt-hash.js";
import { shortHash } from "./short-hash.js";
import { encodeSpan } from "./span-body.js";
import type { Strings } from "./strings.js";
import { type Moment, readNano } from "./time.js";

/** A span on its way in: as it came, what the normaliser read out of it, and its price. */
export type SpanWrite = {
  span: OtlpSpan;
  resource: { body: { resource?: OtlpResource; schemaUrl?: string }; service: string | null; version: string | null };
  scope: { scope?: OtlpScope; schemaUrl?: string };
  facts: SpanFacts;
  /** USD; null = unpriced */
  cost_usd: number | null;
  /** how many values were redacted, by the name of their mark, without those of the conversation; absent = none */
  redacted?: Record<string, number>;
};

/** What of a span is known before its trace is derived. */
export type PreparedSpan = { cell: Cell; start: Moment; end: Moment | null; reversed: boolean };

/** The columns of a span's row, in the order of its values. */
export const spanColumns = (
  "id, trace, span_id, parent_id, seq, state, name, kind, start_us, duration_us, ns, status, resource, scope, provider, request_model, response_model, " +
  "own_agent, agent, own_session, session, user, tool, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_usd, " +
  "counted, call, response_hash, error_type, error_message, first_token_us, body, error_key, failure, prompt"
).split(", ");

/** Characters of an error's message that its column holds; the whole lies in the body. */
const keptMessage = 500;

function messageColumn(message: string | null): string | null {
  return message === null ? null : message.replaceAll("\0", " ").slice(0, keptMessage);
}

export function cellOf(write: SpanWrite, id: number): PreparedSpan {
  const { span, facts } = write;
  const name = typeof span.name === "string" ? span.name : "";
  const status = span.status?.code === 2 ? 2 : span.status?.code === 1 ? 1 : 0;
  const { kind, provider, tool, error_type } = facts;
  const failed = { name, kind, provider, tool, error_type, error_message: messageColumn(facts.error_message) };
  let end = readNano(span.endTimeUnixNano);
  if (end && end.us === 0 && end.ns === 0) end = null;
  const start = readNano(span.startTimeUnixNano) ?? { us: end?.us ?? 0, ns: end?.ns ?? 0, exact: false };
  const reversed = end !== null && (end.us < start.us || (end.us === start.us && end.ns < start.ns));
  const parent =
    typeof span.parentSpanId === "string" && /^[0-9a-f]{16}$/i.test(span.parentSpanId)
      ? span.parentSpanId.toLowerCase()
      : null;
  return {
    start,
    end,
    reversed,
    cell: {
      id,
      span_id: span.spanId.toLowerCase(),
      parent_span_id: parent === "0000000000000000" ? null : parent,
      state: end ? 0 : 1,
      name,
      kind,
      start_us: start.us,
      duration_us: end ? (reversed ? 0 : end.us - start.us) : null,
      status,
      service: write.resource.service,
      version: write.resource.version,
      provider,
      request_model: facts.request_model,
      response_model: facts.response_model,
      response_hash: facts.response_id === null ? null : shortHash(facts.response_id),
      own_agent: facts.agent,
      own_session: facts.session_id,
      user: facts.user_id,
      tool,
      input_tokens: facts.input_tokens,
      cached_tokens: facts.cached_tokens,
      cache_write_tokens: facts.cache_write_tokens,
      output_tokens: facts.output_tokens,
      reasoning_tokens: facts.reasoning_tokens,
      cost_usd: write.cost_usd,
      error_key: status === 2 ? shortHash(errorFingerprint(failed)) : null,
      prompt: null,
      agent: facts.agent,
      session: facts.session_id,
      counted: kind === "llm" || kind === "embedding" || kind === "tool",
      call: kind === "llm" || kind === "embedding" || kind === "tool" ? kind : null,
      failure: status === 2 ? "ended" : null,
    },
  };
}

export function openSpanRows(stores: {
  strings: Strings;
  content: ContentWriter;
  conversations: ConversationWriter;
  interned: Interned;
  prompts: PromptHashes;
  redacting: Redacting | undefined;
}) {
  const { strings, content, conversations, interned, prompts, redacting } = stores;
  const bodyWriter = {
    shape: (text: string) => interned.shape(text),
    put: (text: string) => content.put(text, true),
  };

  /** The span's row; its body is stored on the way, and its cell told which prompt it has. */
  function make(
    write: SpanWrite,
    prepared: PreparedSpan,
    trace: number,
    seq: number,
  ): { row: SqlValue[]; bytes: number } {
    const { cell, start, end, reversed } = prepared;
    const { facts } = write;
    let { span, redacted = {} } = write;
    let conversation: string | null = null;
    let bytes = 120;
    if (facts.input && "key" in facts.input) {
      const { key } = facts.input;
      const raw = span.attributes?.find((attribute) => attribute.key === key)?.value?.stringValue;
      if (typeof raw === "string") {
        const added = conversations.addRaw(trace, cell.id, key, raw);
        if (added) {
          conversation = key;
          redacted = addCounts(redacted, added.redacted);
          cell.prompt = added.prompt;
        } else if (redacting) ({ span, redacted } = redactAttribute(span, key, raw, redacting, redacted));
      }
    } else if (facts.input)
      cell.prompt = conversations.addMessages(
        trace,
        cell.id,
        facts.input.messages.map((message) => JSON.stringify(message)),
      );
    const system = systemOf(span, facts);
    if (cell.kind !== "llm") cell.prompt = null;
    else if (system !== null) cell.prompt = prompts.ofSystem(system) ?? cell.prompt;
    const fit = {
      name: cell.name,
      start: start.exact && typeof span.startTimeUnixNano === "string",
      end: end?.exact === true && !reversed,
    };
    const body = encodeSpan(bodyWriter, span, facts, fit, conversation, redacted);
    bytes += body.length / 4;
    return {
      bytes,
      row: [
        cell.id,
        trace,
        Buffer.from(cell.span_id, "hex"),
        cell.parent_span_id === null ? null : Buffer.from(cell.parent_span_id, "hex"),
        seq,
        cell.state,
        strings.id(cell.name),
        spanKinds.indexOf(cell.kind),
        cell.start_us,
        cell.duration_us,
        start.ns + 1000 * (end?.ns ?? 0),
        cell.status,
        interned.resource(write.resource),
        interned.scope(write.scope),
        strings.id(cell.provider),
        strings.id(cell.request_model),
        strings.id(cell.response_model),
        strings.id(cell.own_agent),
        strings.id(cell.agent),
        strings.id(cell.own_session),
        strings.id(cell.session),
        strings.id(cell.user),
        strings.id(cell.tool),
        cell.input_tokens,
        cell.cached_tokens,
        cell.cache_write_tokens,
        cell.output_tokens,
        cell.reasoning_tokens,
        cell.cost_usd,
        cell.counted ? 1 : 0,
        cell.call === null ? null : spanKinds.indexOf(cell.call),
        cell.response_hash,
        strings.id(facts.error_type),
        messageColumn(facts.error_message),
        facts.first_token_ms === null ? null : Math.round(facts.first_token_ms * 1000),
        content.append(body),
        cell.error_key,
        failureCode(cell.failure),
        cell.prompt,
      ],
    };
  }

  return { make };
}

function systemOf(span: OtlpSpan, { system }: SpanFacts): string | null {
  if (system === null || "text" in system) return system?.text ?? null;
  const { key } = system;
  return span.attributes?.find((attribute) => attribute.key === key)?.value?.stringValue ?? null;
}

/** An attribute that promised to be a conversation and is none: it has not been redacted yet. */
function redactAttribute(
  span: OtlpSpan,
  key: string,
  raw: string,
  redacting: Redacting,
  redacted: Record<string, number>,
): { span: OtlpSpan; redacted: Record<string, number> } {
  const text = redacting.text(raw, key);
  if (text === raw) return { span, redacted };
  const attributes = span.attributes?.map((attribute) =>
    attribute.key === key && attribute.value?.stringValue === raw
      ? { ...attribute, value: { ...attribute.value, stringValue: text } }
      : attribute,
  );
  return { span: { ...span, ...(attributes ? { attributes } : {}) }, redacted: addCounts(redacted, redacting.take()) };
}
