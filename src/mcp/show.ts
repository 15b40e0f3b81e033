/** How recorded texts and names look when they are shown: redacted, then limited. */
import type { Phrase } from "../model/phrase.js";
import { mapPhrase } from "../model/phrase.js";
import type { ShownContent } from "../model/shown-content.js";
import type { Redactor } from "../redaction/redact.js";

/** Recorded text is what was said or passed: messages, arguments, results, attribute values, errors and their stacks. */
export type Show = {
  text(text: string): string;
  /** A part of a text; one that does not begin with it begins with "…". From beyond the first characters, one after the other would let who asks read on. */
  excerpt(text: string): string;
  /** What is no text passes when it holds none. */
  value(value: unknown, key?: string): unknown;
  /** Names of spans, agents, tools, models, services and sessions are shown whatever `content` is. */
  name(name: string): string;
  /** Identities, which are redacted as what they are: apart from each other. */
  session(id: string): string;
  user(id: string): string;
};

/** characters */
const previewed = 160;

const limits: Record<ShownContent, (text: string) => string> = {
  none: (text) => `[${text.length} characters, not shown]`,
  preview: (text) =>
    text.length <= previewed ? text : `${text.slice(0, previewed)}… [${text.length} characters in all]`,
  full: (text) => text,
};

export function openShow(content: ShownContent, redactor: Redactor | undefined): Show {
  const limit = limits[content];
  const redacted = (text: string, key?: string) => (redactor ? redactor.text(text, key) : text);
  return {
    text: (text) => limit(redacted(text)),
    excerpt: (text) =>
      content === "preview" && text.startsWith("…")
        ? `[found beyond the first ${previewed} characters]`
        : limit(redacted(text)),
    value(value, key) {
      const shown = redactor ? redactor.value(value, key) : value;
      if (typeof shown === "string") return limit(shown);
      return typeof shown === "object" && shown !== null && content !== "full" ? limit(JSON.stringify(shown)) : shown;
    },
    name: (name) => redacted(name),
    session: (id) => redacted(id, "session.id"),
    user: (id) => redacted(id, "user.id"),
  };
}

export const orNull = (show: (text: string) => string, text: string | null): string | null =>
  text === null ? null : show(text);

export function showPhrase(show: Show, given: Phrase): Phrase {
  return mapPhrase(given, show);
}
