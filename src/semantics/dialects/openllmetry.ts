/** OpenLLMetry (Traceloop): its legacy flattened prompts, `traceloop.*` entities and association properties. */
import type { SpanFacts } from "../../model/facts.js";
import type { SpanKind } from "../../model/kind.js";
import type { Message } from "../../model/message.js";
import { messagesFromValue } from "../../model/read-message.js";
import { asFields, type Fields, parseLoose } from "../../model/read-part.js";
import type { Dialect } from "../dialect.js";
import { langChainToolMessage } from "../langchain-json.js";
import { builtMessages, type SpanView, textAt, unflatten } from "../span-view.js";

const requestTypes: Record<string, SpanKind> = {
  chat: "llm",
  completion: "llm",
  embedding: "embedding",
  rerank: "reranker",
};
const entityKinds: Record<string, SpanKind> = {
  workflow: "workflow",
  task: "workflow",
  session: "workflow",
  agent: "agent",
  tool: "tool",
};

function kindOf({ attributes, name, scope }: SpanView): SpanKind | null {
  const request = textAt(attributes, "llm.request.type");
  if (request !== null && Object.hasOwn(requestTypes, request)) return requestTypes[request] as SpanKind;
  const entity = textAt(attributes, "traceloop.span.kind");
  if (entity === "task" && scope.includes("llamaindex")) {
    // its instrumentation says `task` for everything, only the method's name tells
    if (/\.retrieve$/.test(name)) return "retriever";
    if (/\.get_(query|text)_embedding/.test(name)) return "embedding";
  }
  return entity !== null && Object.hasOwn(entityKinds, entity) ? (entityKinds[entity] as SpanKind) : null;
}

/** `gen_ai.prompt.N` elements: contents that are JSON are blocks, "null" is a message of calls only. */
function legacyMessages(list: unknown, role: string): Message[] {
  if (!Array.isArray(list)) return [];
  return messagesFromValue(
    list.map((item) => {
      const fields = asFields(item);
      if (!fields) return item;
      const content =
        fields.content === "null"
          ? null
          : Array.isArray(parseLoose(fields.content))
            ? parseLoose(fields.content)
            : fields.content;
      return { ...fields, content };
    }),
    role,
  );
}

function complete(view: SpanView, facts: SpanFacts): void {
  const { attributes, scope } = view;
  facts.input ??= builtMessages(
    legacyMessages(unflatten(attributes, "gen_ai.prompt.") ?? unflatten(attributes, "llm.prompts."), "user"),
  );
  if (facts.output === null) {
    const choices = unflatten(attributes, "gen_ai.completion.") ?? unflatten(attributes, "llm.completions.");
    facts.output = builtMessages(legacyMessages(choices, "assistant"));
    const first = Array.isArray(choices) ? asFields(choices[0]) : null;
    if (typeof first?.finish_reason === "string") facts.finish_reason ??= first.finish_reason;
  }
  facts.tool_definitions ??= legacyFunctions(unflatten(attributes, "llm.request.functions."));
  const entity = textAt(attributes, "traceloop.entity.name");
  if (facts.kind === "agent") facts.agent ??= entity;
  if (facts.kind === "tool") {
    // LangChain's tools go by their class's name here; the message that they return has the real one
    const answer = scope.includes("langchain")
      ? langChainToolMessage(textAt(attributes, "traceloop.entity.output"))
      : null;
    facts.tool ??= answer?.name ?? entity;
    facts.tool_call_id ??= answer?.callId ?? null;
  }
}

function legacyFunctions(list: unknown): SpanFacts["tool_definitions"] {
  if (!Array.isArray(list)) return null;
  const tools = list.map((item): Fields => {
    const { name, description, arguments: parameters } = asFields(item) ?? {};
    return { type: "function", function: { name, description, parameters: parseLoose(parameters) } };
  });
  return { text: JSON.stringify(tools) };
}

export const openLLMetry: Dialect = {
  owns: (key) =>
    key.startsWith("traceloop.") ||
    key.startsWith("gen_ai.prompt.") ||
    key.startsWith("gen_ai.completion.") ||
    key.startsWith("llm."),
  kind: kindOf,
  texts: [
    [
      "session_id",
      [
        "traceloop.association.properties.session_id",
        "traceloop.association.properties.thread_id",
        "traceloop.association.properties.chat_id",
      ],
    ],
    ["user_id", ["traceloop.association.properties.user_id"]],
    ["response_id", ["llm.response.id"]],
  ],
  counts: [
    ["cached_tokens", ["gen_ai.usage.cache_read_input_tokens", "llm.usage.cache_read_input_tokens"]],
    ["reasoning_tokens", ["llm.usage.reasoning_tokens"]],
  ],
  sources: [
    ["input_value", ["traceloop.entity.input"]],
    ["output_value", ["traceloop.entity.output"]],
  ],
  complete,
};
