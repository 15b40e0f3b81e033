/** What a prompt is made of: tool definitions, system instructions and the parts of its messages, each with its origin. */
import type { Origin } from "../context.js";
import type { MessagePart } from "../message.js";
import { jsonText } from "../read-part.js";
import type { Heard, Step } from "../run.js";
import { estimateTokens } from "../tokens.js";

/** One thing that stands in prompts; the same object in each prompt that repeats it. */
export type Unit = {
  origin: Origin;
  /** tokens by the shape of its text, before anything is scaled */
  estimate: number;
  /** the message that it is part of; null = it travels apart from the messages */
  heard: Heard | null;
  /** of a tool's result: whose */
  tool: string | null;
  /** of a tool's result: the execution that gave it, where it was recorded */
  span: Step | null;
  text(): string;
};

/** `estimateTokens` errs on the safe side by about this much. */
const caution = 1.5;
/** Roles and separators that providers add to each part. */
const framing = 3;
/** Images have no text to be measured by: a weight until the provider's total says more. */
const mediaTokens = 500;
/** Characters read of one text; what is longer is measured by pieces of it. */
const sampled = 60_000;

/** The likely number of tokens, on no side. */
function likelyTokens(text: string): number {
  if (text.length <= sampled) return estimateTokens(text) / caution;
  const pieces = 12;
  const size = sampled / pieces;
  let tokens = 0;
  for (let i = 0; i < pieces; i++) {
    const at = Math.floor(((text.length - size) * i) / (pieces - 1));
    tokens += estimateTokens(text.slice(at, at + size));
  }
  return ((tokens / caution) * text.length) / sampled;
}

function partText(part: MessagePart): string {
  switch (part.type) {
    case "text":
    case "reasoning":
      return part.content;
    case "tool_call":
      return `${part.name}(${part.arguments === null ? "" : jsonText(part.arguments)})`;
    case "tool_call_response":
      return part.response === null ? "" : jsonText(part.response);
    case "media":
      return part.summary;
  }
}

export const textOf = ({ message }: Heard): string => message.parts.map(partText).join("\n");

const systemRoles = new Set(["system", "developer"]);

export const isSystem = ({ message }: Heard): boolean => systemRoles.has(message.role);

function originOf(part: MessagePart, role: string): Origin {
  if (part.type === "reasoning" || part.type === "media") return part.type;
  if (part.type === "tool_call_response" || role === "tool" || role === "function") return "tool_result";
  if (systemRoles.has(role)) return "system";
  return part.type === "tool_call" || role === "assistant" ? "assistant" : "user";
}

/** `execution`: which span gave a tool's result. */
export function unitsOf(
  heard: Heard,
  execution: (part: MessagePart) => { tool: string | null; span: Step | null },
): Unit[] {
  const { role, parts } = heard.message;
  return groupsOf(parts, role).map(({ origin, parts: own }): Unit => {
    const text = () => own.map(partText).join("\n");
    const source = origin === "tool_result" ? execution(own[0] as MessagePart) : { tool: null, span: null };
    const estimate = origin === "media" ? mediaTokens * own.length : likelyTokens(text()) + framing;
    return { origin, estimate, heard, ...source, text };
  });
}

type Group = { origin: Origin; parts: MessagePart[] };

/** What is of one origin in a message is one unit; each result is its own. */
function groupsOf(parts: MessagePart[], role: string): Group[] {
  // most messages, without the work for the others
  if (parts.length === 1) return [{ origin: originOf(parts[0] as MessagePart, role), parts }];
  const groups = new Map<string, Group>();
  for (const [index, part] of parts.entries()) {
    const origin = originOf(part, role);
    const key = origin === "tool_result" ? `${origin} ${index}` : origin;
    const group = groups.get(key) ?? { origin, parts: [] };
    group.parts.push(part);
    groups.set(key, group);
  }
  return [...groups.values()];
}

export function headUnit(origin: "tools" | "system" | "unrecorded", text: string): Unit {
  return { origin, estimate: likelyTokens(text), heard: null, tool: null, span: null, text: () => text };
}
