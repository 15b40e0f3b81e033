/** Type, message and stack of what went wrong, from status, `error.type` and exception events. */
import type { SpanFacts } from "../model/facts.js";
import { type AttributeMap, indexAttributes, type SpanView, textAt } from "./span-view.js";

/**
 * Fills the error facts of a span whose status is an error, or that carries `error.type` without claiming success.
 * An exception that was recorded on a span that did not fail is no error: it was handled.
 */
export function readError(view: SpanView, facts: SpanFacts): void {
  const type = textAt(view.attributes, "error.type");
  if (view.status !== 2 && (view.status === 1 || type === null)) return;
  const exception = lastException(view);
  const recorded = exception && textAt(exception, "exception.message");
  const status = splitStack(view.statusMessage);
  const raised = splitStack(recorded);
  facts.error_type =
    (type === "_OTHER" ? null : type) ??
    (exception && textAt(exception, "exception.type")) ??
    raised?.type ??
    status?.type ??
    type;
  facts.error_message =
    status?.message ?? view.statusMessage ?? raised?.message ?? recorded ?? textAt(view.attributes, "error.message");
  facts.error_stack =
    (exception && textAt(exception, "exception.stacktrace")) ?? raised?.stack ?? status?.stack ?? null;
}

function lastException(view: SpanView): AttributeMap | null {
  for (let i = view.events.length - 1; i >= 0; i--) {
    if (view.events[i]?.name === "exception") return indexAttributes(view.events[i]?.attributes);
  }
  return null;
}

/** Some instrumentations put message and stack into one string: "boom\n\nError: boom\n    at f (a.js:1:1)", or the stack alone. */
function splitStack(text: string | null): { message: string; stack: string; type: string | null } | null {
  const frame = text?.indexOf("\n    at ") ?? -1;
  if (text === null || frame < 0) return null;
  for (const match of text.slice(0, frame).matchAll(/\n\n([A-Za-z_$][\w$.]*): /g)) {
    const message = text.slice(0, match.index).trim();
    const stack = text.slice(match.index).trim();
    if (stack.startsWith(message, (match[1] as string).length + 2)) return { message, stack, type: match[1] as string };
  }
  const head = text.slice(0, frame);
  const type = /^([A-Za-z_$][\w$.]*): /.exec(head)?.[1] ?? null;
  return { message: head.slice(type === null ? 0 : type.length + 2).trim(), stack: text, type };
}
