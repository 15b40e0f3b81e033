/** OpenInference (Arize Phoenix): `openinference.span.kind`, flattened `llm.*`, `input.value`. */
import type { MessageSource, SpanFacts } from "../../model/facts.js";
import type { SpanKind } from "../../model/kind.js";
import { messagesFromValue, readMessages } from "../../model/read-message.js";
import { asFields, type Fields, firstString, jsonText } from "../../model/read-part.js";
import type { Dialect } from "../dialect.js";
import { langChainToolMessage } from "../langchain-json.js";
import { builtMessages, fieldsAt, type SpanView, textAt, unflatten } from "../span-view.js";

const kinds: Record<string, SpanKind> = {
  LLM: "llm",
  EMBEDDING: "embedding",
  AGENT: "agent",
  CHAIN: "workflow",
  TOOL: "tool",
  RETRIEVER: "retriever",
  RERANKER: "reranker",
  GUARDRAIL: "guardrail",
};

function kindOf({ attributes, name }: SpanView): SpanKind | null {
  const kind = textAt(attributes, "openinference.span.kind")?.toUpperCase() ?? "";
  // LangChain's agents are chains; the one that carries the agent's name is the agent
  if (kind === "CHAIN" && name !== "" && fieldsAt(attributes, "metadata")?.lc_agent_name === name) return "agent";
  return Object.hasOwn(kinds, kind) ? (kinds[kind] as SpanKind) : null;
}

/** `{message: {role, content, contents: [{message_content}], tool_calls: [{tool_call}]}}` as the wire form says it. */
function wireMessage(element: unknown): unknown {
  const message = asFields(asFields(element)?.message);
  if (!message) return element;
  const contents = Array.isArray(message.contents) ? message.contents.map(wireContent) : null;
  return { ...message, content: contents ?? message.content };
}

function wireContent(element: unknown): unknown {
  const outer = asFields(element);
  const content = asFields(outer?.message_content);
  const call = asFields(outer?.tool_call);
  if (call) return { type: "tool_call", id: call.id, ...asFields(call.function) };
  return content ?? element;
}

/**
 * Flattened messages; the raw value where some of them lost content on the way: lists of blocks under LangChain,
 * all but the last of several tool results in one message under Anthropic.
 */
function messages(view: SpanView, prefix: string, valueKey: string, role: string): MessageSource | null {
  const list = unflatten(view.attributes, prefix);
  const wire = Array.isArray(list) ? list.map(wireMessage) : [];
  const flat = messagesFromValue(wire, role);
  const isComplete = flat.every(({ parts }) => parts.length > 0) && !wire.some(isUserResult);
  if (flat.length > 0 && isComplete) return { messages: flat };
  const raw = textAt(view.attributes, valueKey);
  const whole = raw === null ? [] : readMessages(raw, role);
  // instructions that are no message in this dialect are told apart from them
  const isApart = flat.length > 0 && !flat.some((message) => message.role === "system");
  const spoken = isApart ? whole.filter((message) => message.role !== "system") : whole;
  return builtMessages(spoken.length >= flat.length ? spoken : flat);
}

function isUserResult(message: unknown): boolean {
  const fields = asFields(message);
  return fields?.role === "user" && fields.tool_call_id !== undefined;
}

function complete(view: SpanView, facts: SpanFacts): void {
  const { attributes, name, scope } = view;
  const metadata = fieldsAt(attributes, "metadata") ?? {};
  const parameters = fieldsAt(attributes, "llm.invocation_parameters") ?? {};
  facts.session_id ??= firstString(metadata.session_id, metadata.thread_id, metadata.conversation_id);
  facts.user_id ??= firstString(metadata.user_id, parameters.user);
  facts.agent ??= firstString(metadata.lc_agent_name) ?? (facts.kind === "agent" ? name : null);
  facts.provider ??= firstString(metadata.ls_provider);
  models(view, facts, parameters);

  if (facts.kind === "llm") {
    facts.input ??= messages(view, "llm.input_messages.", "input.value", "user");
    facts.output ??= messages(view, "llm.output_messages.", "output.value", "assistant");
    // Anthropic's instructions are only among the parameters
    if (facts.system === null && parameters.system !== undefined) facts.system = { text: jsonText(parameters.system) };
  } else {
    valuesOf(view, facts);
  }
  if (facts.tool_definitions === null) {
    const tools = unflatten(attributes, "llm.tools.");
    const schemas = Array.isArray(tools) ? tools.map((tool) => asFields(asFields(tool)?.tool)?.json_schema) : [];
    if (schemas.length > 0)
      facts.tool_definitions = { text: `[${schemas.map((schema) => jsonText(schema ?? null)).join(",")}]` };
  }
  if (facts.kind === "tool") {
    facts.tool ??= name || null;
    if (scope.includes("langchain"))
      facts.tool_call_id ??= langChainToolMessage(textAt(attributes, "output.value"))?.callId ?? null;
  }
}

function models({ attributes, scope }: SpanView, facts: SpanFacts, parameters: Fields): void {
  const model = textAt(attributes, "llm.model_name") ?? textAt(attributes, "embedding.model_name");
  const answered = attributes.has("output.value");
  facts.request_model ??= firstString(parameters.model, parameters.model_name) ?? model;
  // under LangChain, and before an answer came, it is what was asked for
  if (answered && !scope.includes("langchain") && facts.kind === "llm") facts.response_model ??= model;
  const id = answered
    ? /^\s*\{\s*"id":\s*"([^"]{1,200})"/.exec(textAt(attributes, "output.value")?.slice(0, 300) ?? "")
    : null;
  if (id && facts.kind === "llm") facts.response_id ??= id[1] as string;
}

function valuesOf({ attributes }: SpanView, facts: SpanFacts): void {
  if (textAt(attributes, "input.value") !== null) facts.input_value ??= { key: "input.value" };
  if (textAt(attributes, "output.value") !== null) facts.output_value ??= { key: "output.value" };
  if (facts.kind === "retriever" || facts.kind === "reranker") {
    facts.output_value ??= documents(
      unflatten(attributes, facts.kind === "retriever" ? "retrieval.documents." : "reranker.output_documents."),
    );
  }
}

function documents(list: unknown): SpanFacts["output_value"] {
  return Array.isArray(list) ? { text: JSON.stringify(list.map((item) => asFields(item)?.document ?? item)) } : null;
}

export const openInference: Dialect = {
  owns: (key) => key === "openinference.span.kind" || key.startsWith("llm.") || key.startsWith("embedding."),
  kind: kindOf,
  texts: [
    ["provider", ["llm.provider", "llm.system"]],
    ["request_model", ["llm.request.model_name"]],
    ["response_model", ["llm.response.model_name"]],
    ["agent", ["agent.name"]],
    ["tool", ["tool.name"]],
    ["tool_call_id", ["tool_call.id", "tool.id"]],
    ["finish_reason", ["llm.finish_reason"]],
  ],
  counts: [
    ["input_tokens", ["llm.token_count.prompt"]],
    ["output_tokens", ["llm.token_count.completion"]],
    ["cached_tokens", ["llm.token_count.prompt_details.cache_read"]],
    ["cache_write_tokens", ["llm.token_count.prompt_details.cache_write"]],
    ["reasoning_tokens", ["llm.token_count.completion_details.reasoning"]],
  ],
  complete,
};
