/** How a finding names a step: by its tool, model or agent, and how it failed. */
import { nameOf, type Phrase, phrase, recorded } from "./phrase.js";
import type { Step } from "./run.js";

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
  return type === null ? phrase`${messageText(message)}` : phrase`${nameOf(type)} ${messageText(message)}`;
}

/** Whole, without its final stops: it is cut where it is shown, once it is redacted. */
export function messageText(text: string) {
  let end = text.length;
  while (end > 0 && /[.\s]/.test(text.charAt(end - 1))) end--;
  return recorded(text.slice(0, end));
}
