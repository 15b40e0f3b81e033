/** `captureContent: false`: message texts, tool arguments and results never reach the store. */
import type { KeyValue } from "../model/otlp.js";
import type { ReadSpan } from "./read-span.js";

/** Attribute keys that carry recorded text in the dialects that Agensight reads. */
const contentKeys =
  /^(gen_ai\.(prompt|completion|input|output|system_instructions|tool\.(definitions|call\.(arguments|result)|description)|evaluation\.explanation|retrieval\.(query|documents))|llm\.(input_messages|output_messages|prompts|prompt_template|function_call|completions|tools|request\.functions|invocation_parameters)|input\.|output\.|ai\.(prompt|response\.(text|object|reasoning|toolCalls|files)|toolCall\.(args|result)|value|values|embedding|documents|ranking)|traceloop\.(entity\.(input|output)|prompt\.)|anthropic\.tool_result\.content|tool\.(parameters|json_schema)|retrieval\.documents|reranker\.|embedding\.embeddings|document\.|db\.(query\.text|statement)|http\.(request|response)\.body)/;

/** A span and its facts without recorded text; names, models, tokens, times and errors' types stay. */
export function leaveOutContent({ span, facts, ...rest }: ReadSpan): ReadSpan {
  const keys = new Set<string>();
  for (const source of [
    facts.input,
    facts.output,
    facts.system,
    facts.tool_definitions,
    facts.input_value,
    facts.output_value,
  ]) {
    if (source && "key" in source) keys.add(source.key);
  }
  const kept = (attribute: KeyValue) => !keys.has(attribute?.key) && !contentKeys.test(attribute?.key);
  const withoutContent = <T extends { attributes?: KeyValue[] }>(part: T): T =>
    Array.isArray(part?.attributes) ? { ...part, attributes: part.attributes.filter(kept) } : part;
  return {
    ...rest,
    span: {
      ...span,
      attributes: (span.attributes ?? []).filter(kept),
      events: (span.events ?? []).filter((event) => !String(event?.name).startsWith("gen_ai.")).map(withoutContent),
      ...(Array.isArray(span.links) ? { links: span.links.map(withoutContent) } : {}),
    },
    facts: {
      ...facts,
      input: null,
      output: null,
      system: null,
      tool_definitions: null,
      input_value: null,
      output_value: null,
    },
  };
}
