/** Runs of agents as three instrumentations would record them: a conversation is kept, and sent with every call. */
import { detectEmptyResults } from "../../src/model/detectors/empty-result.js";
import { detectErrorChains } from "../../src/model/detectors/error-chain.js";
import { detectIgnoredResults } from "../../src/model/detectors/ignored-result.js";
import { detectMissingTelemetry } from "../../src/model/detectors/missing-telemetry.js";
import { detectRateLimits } from "../../src/model/detectors/rate-limit.js";
import { detectRetries } from "../../src/model/detectors/retry.js";
import { detectTruncatedOutputs } from "../../src/model/detectors/truncated-output.js";
import { detectUnfinished } from "../../src/model/detectors/unfinished.js";
import type { Finding } from "../../src/model/diagnosis.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { plainPhrase } from "../../src/model/phrase.js";
import type { Run } from "../../src/model/run.js";
import { spanSource } from "../../src/store/open.js";
import { openForReading } from "../../src/store/open-store.js";
import { loadRun } from "../../src/store/read/load-run.js";
import { storeOf } from "../mcp/store.js";
import { type Attributes, morning, requestOf, type SpanShape, span, traceId } from "../store/otlp.js";

type Detector = (run: Run) => Finding[];

export const dialects = ["otel", "openinference", "vercel"] as const;
export type DialectName = (typeof dialects)[number];

export type Problem = { type?: string; message: string };
export type AskedTool = { tool: string; args?: Record<string, unknown>; id?: string };
export type Call = {
  says?: string;
  asks?: AskedTool[];
  finish?: string;
  error?: Problem;
  model?: string;
  ms?: number;
  /** ms of nothing before it */
  wait?: number;
  parent?: number;
  more?: Attributes;
};
export type Tool = {
  tool: string;
  args?: Record<string, unknown>;
  result?: string;
  error?: Problem;
  ms?: number;
  wait?: number;
  id?: string;
  parent?: number;
  /** not told to the model */
  isForgotten?: boolean;
};
export type Turn = Call | Tool;
type Said = { role: string; text?: string; calls?: Required<AskedTool>[]; answers?: string };

/** Spans 1 (the agent), 2, 3 … in the order of the turns, one after the other, 100 ms each. */
export function agentRun(
  dialect: DialectName,
  turns: Turn[],
  { question = "What about order 17?", error, trace = 1 }: { question?: string; error?: Problem; trace?: number } = {},
): OtlpSpan[] {
  const messages: Said[] = [{ role: "user", text: question }];
  const spans: OtlpSpan[] = [];
  let now = morning + 5;
  let made = 0;
  const waiting: Required<AskedTool>[] = [];
  for (const [index, turn] of turns.entries()) {
    now += turn.wait ?? 1;
    const ms = turn.ms ?? 100;
    const base: SpanShape = { trace, id: index + 2, parent: turn.parent ?? 1, start: now, ms };
    if ("tool" in turn) {
      const at = waiting.findIndex((call) => call.tool === turn.tool);
      const asked = at < 0 ? undefined : waiting.splice(at, 1)[0];
      const id = turn.id ?? asked?.id ?? `own_${index}`;
      const args = turn.args ?? asked?.args ?? {};
      spans.push(
        withError(span({ ...base, name: turn.tool, attributes: toolAttributes[dialect](turn, id, args) }), turn.error),
      );
      const told = turn.result ?? (turn.error ? `Error: ${turn.error.message}` : "");
      if (asked && !turn.isForgotten) messages.push({ role: "tool", answers: id, text: told });
    } else {
      const calls = (turn.asks ?? []).map((call) => ({ id: `call_${++made}`, args: {}, ...call }));
      const attributes = callAttributes[dialect](turn, messages, calls);
      spans.push(withError(span({ ...base, name: `chat ${turn.model ?? "gpt-4o"}`, attributes }), turn.error));
      if (!turn.error) {
        messages.push({ role: "assistant", ...(turn.says === undefined ? {} : { text: turn.says }), calls });
        waiting.push(...calls);
      }
    }
    now += ms;
  }
  const root = span({
    trace,
    id: 1,
    name: "helper",
    start: morning,
    ms: now - morning + 5,
    attributes: agentAttributes[dialect],
  });
  return [withError(root, error), ...spans];
}

export function withError(given: OtlpSpan, error: Problem | undefined): OtlpSpan {
  if (!error) return given;
  const attributes = [...(given.attributes ?? [])];
  if (error.type !== undefined) attributes.push({ key: "error.type", value: { stringValue: error.type } });
  return { ...given, attributes, status: { code: 2, message: error.message } };
}

const agentAttributes: Record<DialectName, Attributes> = {
  otel: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper" },
  openinference: { "openinference.span.kind": "AGENT", "agent.name": "helper" },
  vercel: { "ai.operationId": "ai.generateText", "ai.telemetry.functionId": "helper" },
};

const toolAttributes: Record<DialectName, (turn: Tool, id: string, args: object) => Attributes> = {
  otel: ({ tool, result }, id, args) => ({
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool,
    "gen_ai.tool.call.id": id,
    "gen_ai.tool.call.arguments": JSON.stringify(args),
    ...(result === undefined ? {} : { "gen_ai.tool.call.result": result }),
  }),
  openinference: ({ tool, result }, _id, args) => ({
    "openinference.span.kind": "TOOL",
    "tool.name": tool,
    "input.value": JSON.stringify(args),
    ...(result === undefined ? {} : { "output.value": result }),
  }),
  vercel: ({ tool, result }, id, args) => ({
    "ai.operationId": "ai.toolCall",
    "ai.toolCall.name": tool,
    "ai.toolCall.id": id,
    "ai.toolCall.args": JSON.stringify(args),
    ...(result === undefined ? {} : { "ai.toolCall.result": result }),
  }),
};

const tokens = { input: 100, output: 20 };

const callAttributes: Record<DialectName, (turn: Call, messages: Said[], calls: Required<AskedTool>[]) => Attributes> =
  {
    otel: (turn, messages, calls) => ({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": turn.model ?? "gpt-4o",
      "gen_ai.input.messages": JSON.stringify(messages.map(otelMessage)),
      ...(turn.error
        ? {}
        : {
            "gen_ai.output.messages": JSON.stringify([otelMessage(said(turn, calls))]),
            "gen_ai.response.finish_reasons": [finish(turn, "tool_calls")],
            "gen_ai.usage.input_tokens": tokens.input,
            "gen_ai.usage.output_tokens": tokens.output,
          }),
      ...turn.more,
    }),
    openinference: (turn, messages, calls) => ({
      "openinference.span.kind": "LLM",
      "llm.model_name": turn.model ?? "gpt-4o",
      ...Object.assign(
        {},
        ...messages.map((message, index) => openInferenceMessage(`llm.input_messages.${index}`, message)),
      ),
      ...(turn.error
        ? {}
        : {
            ...openInferenceMessage("llm.output_messages.0", said(turn, calls)),
            "llm.finish_reason": finish(turn, "tool_calls"),
            "llm.token_count.prompt": tokens.input,
            "llm.token_count.completion": tokens.output,
          }),
      ...turn.more,
    }),
    vercel: (turn, messages, calls) => ({
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.model.id": turn.model ?? "gpt-4o",
      "ai.prompt.messages": JSON.stringify(messages.map(vercelMessage)),
      ...(turn.error
        ? {}
        : {
            "ai.response.text": turn.says ?? "",
            "ai.response.toolCalls": JSON.stringify(
              calls.map(({ id, tool, args }) => ({ toolCallId: id, toolName: tool, input: args })),
            ),
            "ai.response.finishReason": finish(turn, "tool-calls"),
            "ai.usage.inputTokens": tokens.input,
            "ai.usage.outputTokens": tokens.output,
          }),
      ...turn.more,
    }),
  };

function finish(turn: Call, forTools: string): string {
  return turn.finish ?? (turn.asks ? forTools : "stop");
}

function said(turn: Call, calls: Required<AskedTool>[]): Said {
  return { role: "assistant", ...(turn.says === undefined ? {} : { text: turn.says }), calls };
}

function otelMessage({ role, text, calls = [], answers }: Said) {
  if (answers !== undefined) return { role, parts: [{ type: "tool_call_response", id: answers, response: text }] };
  const asked = calls.map(({ id, tool, args }) => ({ type: "tool_call", id, name: tool, arguments: args }));
  return { role, parts: [...(text === undefined ? [] : [{ type: "text", content: text }]), ...asked] };
}

function openInferenceMessage(at: string, { role, text, calls = [], answers }: Said): Attributes {
  const attributes: Attributes = { [`${at}.message.role`]: role };
  if (text !== undefined) attributes[`${at}.message.content`] = text;
  if (answers !== undefined) attributes[`${at}.message.tool_call_id`] = answers;
  for (const [index, { id, tool, args }] of calls.entries()) {
    const call = `${at}.message.tool_calls.${index}.tool_call`;
    attributes[`${call}.id`] = id;
    attributes[`${call}.function.name`] = tool;
    attributes[`${call}.function.arguments`] = JSON.stringify(args);
  }
  return attributes;
}

function vercelMessage({ role, text, calls = [], answers }: Said) {
  if (answers !== undefined)
    return {
      role,
      content: [{ type: "tool-result", toolCallId: answers, toolName: "x", output: { type: "text", value: text } }],
    };
  const asked = calls.map(({ id, tool, args }) => ({ type: "tool-call", toolCallId: id, toolName: tool, input: args }));
  return { role, content: [...(text === undefined ? [] : [{ type: "text", text }]), ...asked] };
}

export type Found = {
  kind: string;
  severity: string;
  summary: string;
  evidence: string[];
  saves: { ms: number | null; tokens: number | null; usd: number | null };
};

/** What diagnose_trace finds in a run. */
export async function diagnose(spans: OtlpSpan[], trace = 1): Promise<Found[]> {
  const { reader, remove } = await storeOf([requestOf(spans)]);
  try {
    const { findings } = await reader.diagnoseTrace({ trace_id: traceId(trace) });
    return findings.map((finding) => ({ ...finding, summary: plainPhrase(finding.summary) }));
  } finally {
    remove();
  }
}

const detectors: Record<string, Detector> = {
  error_chain: detectErrorChains,
  retry: detectRetries,
  rate_limit: detectRateLimits,
  unfinished: detectUnfinished,
  missing_telemetry: detectMissingTelemetry,
  truncated_output: detectTruncatedOutputs,
  empty_result: detectEmptyResults,
  ignored_result: detectIgnoredResults,
};

/** What the detector of one kind finds, whatever others do; its spans by the numbers that they were made with. */
export async function findingsOf(kind: string, spans: OtlpSpan[]): Promise<(Found & { spans: number[] })[]> {
  const { path, remove } = await storeOf([requestOf(spans)]);
  const engine = await openForReading(path, {});
  try {
    const found = (detectors[kind] as Detector)(loadRun(spanSource(engine), traceId(1)));
    return found.map((finding) => ({
      ...finding,
      summary: plainPhrase(finding.summary),
      spans: finding.evidence.map((id) => Number.parseInt(id.slice(4), 16)),
    }));
  } finally {
    engine.close();
    remove();
  }
}
