/** What differs between a prompt and the one it goes on from, in words. */
import type { ContextCache, ContextChange, ContextDelta } from "../context.js";
import { plural } from "../format.js";
import { joinPhrases, nameOf, type Phrase, phrase } from "../phrase.js";
import type { Heard } from "../run.js";
import { type CacheReading, messageTokens, type Place } from "./cache.js";
import type { Call } from "./contexts.js";
import { unitLabel } from "./describe.js";
import { commonStart, type Difference, firstDifference } from "./first-difference.js";
import { compareToolLists, type ToolList } from "./tool-list.js";
import { textOf, type Unit } from "./units.js";

/** Rewritten parts that are shown of one call. */
const shown = 5;
/** Tools that are named of one change. */
const named = 4;
/** Characters of a long text that are looked at around a difference. */
const around = 100_000;

/** What texts pass before a part of them is shown. */
export type Redact = (text: string) => string;

export function deltaOf(call: Call, redact: Redact): ContextDelta | null {
  const { previous, changes } = call;
  if (!previous) return null;
  const rewritten = changes?.rewritten ?? [];
  const places: Place[] = [];
  if (previous.head.tools !== call.head.tools) places.push({ part: "tools" });
  if (previous.head.system !== call.head.system) places.push({ part: "system" });
  for (const [before, after] of rewritten) places.push({ part: "message", before, after });
  const dropped = changes?.dropped ?? [];
  const added = addedMessages(call);
  const sum = (of: Call, messages: readonly number[]) =>
    messages.reduce((all, message) => all + messageTokens(of, message), 0);
  return {
    previous_span_id: previous.step.span_id,
    previous_agent: previous.step.agent,
    input_tokens: call.measured && previous.measured ? call.total - previous.total : null,
    added: { messages: added.length, tokens: sum(call, added) },
    dropped: { messages: dropped.length, tokens: sum(previous, dropped) },
    rewritten: places.slice(0, shown).map((at) => changeOf(at, previous, call, redact)),
    rewritten_count: places.length,
    restarted: call.restarted,
    held: call.held,
  };
}

/** Indexes of the messages that are new in a prompt. */
export function addedMessages(call: Call): number[] {
  if (!call.previous) return Array.from({ length: call.messages }, (_, i) => i);
  return call.changes?.added ?? Array.from({ length: call.messages - call.repeated }, (_, i) => call.repeated + i);
}

export function cacheOf(reading: CacheReading | null, call: Call, redact: Redact): ContextCache | null {
  if (!reading) return null;
  const { state, expected_tokens, lost_tokens, lost_usd, against, at } = reading;
  return {
    state,
    expected_tokens,
    lost_tokens,
    lost_usd,
    cause: against && at ? changeOf(at, against, call, redact) : null,
    against_span_id: against?.step.span_id ?? null,
  };
}

function changeOf(at: Place, previous: Call, call: Call, redact: Redact): ContextChange {
  const change = { part: at.part, message: null, before: null, after: null };
  if (at.part === "tools")
    return {
      ...change,
      label: toolChange(previous.head.toolList, call.head.toolList),
      tokens_before: previous.tools_tokens,
      tokens_after: call.tools_tokens,
      ...difference(previous.head.tools, call.head.tools, redact),
    };
  if (at.part === "system")
    return {
      ...change,
      label: phrase`system instructions`,
      tokens_before: previous.system_tokens,
      tokens_after: call.system_tokens,
      ...difference(previous.head.system, call.head.system, redact),
    };
  const old = previous.thread.messages[at.before] as Heard;
  const tokens_before = messageTokens(previous, at.before);
  if (at.after === null) return { ...change, label: messageLabel(previous, at.before), tokens_before, tokens_after: 0 };
  const now = call.thread.messages[at.after] as Heard;
  return {
    ...change,
    message: at.after + 1,
    label: messageLabel(call, at.after),
    tokens_before,
    tokens_after: messageTokens(call, at.after),
    ...differenceOf(textOf(old), textOf(now), redact),
  };
}

function difference(before: Unit | null, after: Unit | null, redact: Redact) {
  return before && after ? differenceOf(before.text(), after.text(), redact) : {};
}

/** Nothing when what is left of them after redaction is the same. */
function differenceOf(before: string, after: string, redact: Redact): Difference | Record<string, never> {
  const at = commonStart(before, after);
  const from = Math.max(0, at - around);
  const near = (text: string) => redact(text.slice(from, at + around));
  const [one, other] = [near(before), near(after)];
  return one === other ? {} : firstDifference(one, other, from > 0);
}

/** `result of search`, `system message`; several results in one message are counted. */
export function messageLabel({ thread }: Call, message: number): Phrase {
  const start = message === 0 ? 0 : (thread.ends[message - 1] as number);
  const units = thread.units.slice(start, thread.ends[message]);
  const results = units.filter((unit) => unit.origin === "tool_result");
  const [only] = results;
  if (only) return results.length === 1 ? unitLabel(only) : phrase`${plural(results.length, "tool result")}`;
  return phrase`${nameOf((thread.messages[message] as Heard).message.role)} message`;
}

export function toolChange(before: ToolList | null, after: ToolList | null): Phrase {
  if (!before || !after) return before ? phrase`tool definitions, gone` : phrase`tool definitions, new`;
  const { added, removed, edited, reordered } = compareToolLists(before, after);
  const list = (what: string, names: string[]): Phrase[] => {
    if (names.length === 0) return [];
    const more = names.length > named ? phrase` and ${names.length - named} more` : [];
    return [
      phrase`${what} ${joinPhrases(
        names.slice(0, named).map((name) => [nameOf(name)]),
        ", ",
      )}${more}`,
    ];
  };
  const parts = [...list("added", added), ...list("removed", removed), ...list("edited", edited)];
  if (reordered) parts.push(phrase`in another order`);
  return parts.length === 0 ? phrase`tool definitions` : phrase`tool definitions: ${joinPhrases(parts, "; ")}`;
}
