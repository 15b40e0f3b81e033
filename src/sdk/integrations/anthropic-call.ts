/** A request of Anthropic's SDK, whichever of its methods makes it: one span for each call of a model. */
import { type Span, SpanKind } from "@opentelemetry/api";
import type { Part } from "./anthropic-content.js";
import { joinSpan, makesOwnSpans, recordsContent } from "./anthropic-own-spans.js";
import { inputMessages, requestAttributes, requestSettings } from "./anthropic-request.js";
import { createMessageReader } from "./anthropic-response.js";
import { type CallAttributes, type CallSpan, startCall } from "./call-span.js";
import { countAttemptsOf } from "./count-attempts.js";
import { fieldsOf } from "./fields.js";
import { quietly } from "./guard.js";
import { observeCall } from "./observe-promise.js";
import { serverAddress } from "./server-address.js";

export type Client = {
  baseURL?: unknown;
  post: (path: unknown, options: unknown) => unknown;
};

const operations: Record<string, string> = { "/v1/messages": "chat", "/v1/complete": "text_completion" };

/** Requests that are observed already: a class and its client may both be patched. */
const observed = new WeakSet<object>();

/** Makes the request by `post`. Tokens that are counted and batches are no calls of a model. */
export function observeRequest(client: Client, path: unknown, options: unknown, post: () => unknown): unknown {
  const started = quietly("a call could not be observed", () => startRequest(client, path, options));
  if (!started) return post();
  const { call, watch } = started;
  return observeCall(call, watch ? () => watch(post()) : post, createMessageReader());
}

type Started = { call: CallSpan; watch?: (answer: unknown) => unknown };

function startRequest(client: Client, path: unknown, options: unknown): Started | null {
  const operation = operations[String(path).split("?", 1)[0] as string];
  if (operation === undefined || typeof options !== "object" || options === null || observed.has(options)) return null;
  observed.add(options);
  const { body, __span } = options as { body?: unknown; __span?: { span: Span } };
  if (makesOwnSpans(client)) {
    if (!__span || !recordsContent(client)) return null;
    const call = joinSpan(__span.span);
    call.set(() =>
      operation === "chat" ? lacking(body) : { "gen_ai.operation.name": operation, ...requestAttributes(body) },
    );
    return { call, watch: call.watch };
  }
  const { model } = fieldsOf(body);
  const call = startCall({
    name: typeof model === "string" ? `${operation} ${model}` : operation,
    kind: SpanKind.CLIENT,
    attributes: () => ({
      "gen_ai.operation.name": operation,
      "gen_ai.provider.name": provider(client),
      ...serverAddress(client.baseURL),
      ...requestAttributes(body),
    }),
  });
  countAttemptsOf(call);
  return { call };
}

/** The SDK's own span holds messages too, but only the type of what is neither text nor a tool's. */
function lacking(body: unknown): CallAttributes {
  const input = inputMessages(fieldsOf(body));
  const isLossy = input?.some(({ parts }) => (parts as Part[]).some(({ type }) => !kept.has(type)));
  return { ...requestSettings(body), "gen_ai.input.messages": isLossy ? input : undefined };
}

const kept = new Set(["text", "reasoning", "tool_call", "tool_call_response"]);

/** The clients of other platforms are classes of other packages upon the same base. */
function provider({ constructor: { name }, baseURL }: Client): string {
  if (/bedrock/i.test(name) || /^https:\/\/bedrock/.test(String(baseURL))) return "aws.bedrock";
  if (/vertex/i.test(name) || /^https:\/\/[^/]*aiplatform\.googleapis/.test(String(baseURL))) return "gcp.vertex_ai";
  return "anthropic";
}
