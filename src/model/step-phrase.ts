/** How a finding names a step: by its tool, model or agent, and how it failed. */
import { nameOf, type Phrase, phrase, recorded } from "./phrase.js";
import type { Step } from "./run.js";

/** What of an error's message a sentence holds; the span has all of it. */
const messageLength = 200;

export function modelOf(step: Step): string | null {
  return step.response_model ?? step.request_model;
}

/** `tool refund`, `a call to gpt-4o`, `agent researcher`, else its name. */
export function stepPhrase(step: Step): Phrase {
  const model = modelOf(step);
  if (step.kind === "tool" && step.tool !== null) return phrase`tool ${nameOf(step.tool)}`;
  if (step.kind === "llm" && model !== null) return phrase`a call to ${nameOf(model)}`;
  if (step.kind === "agent" && step.agent !== null) return phrase`agent ${nameOf(step.agent)}`;
  return phrase`${nameOf(step.name)}`;
}

/** Type and message of an error; says so where neither was recorded. */
export function errorPhrase(error: { error_type: string | null; error_message: string | null }): Phrase {
  const { error_type: type, error_message: message } = error;
  if (type === null && message === null) return phrase`an error without type or message`;
  if (message === null || message === type) return phrase`${nameOf(type ?? "")}`;
  return type === null ? phrase`${excerpt(message)}` : phrase`${nameOf(type)} ${excerpt(message)}`;
}

export function excerpt(text: string) {
  const line = text
    .slice(0, messageLength * 4)
    .trim()
    .replace(/\s+/g, " ")
    .replace(/\.+$/, "");
  return recorded(line.length > messageLength ? `${line.slice(0, messageLength)}…` : line);
}
