/** What a call read from the provider's cache against what the call before had left there. */
import type { CacheState } from "../context.js";
import type { Heard, Step } from "../run.js";
import { modelOf } from "../step-phrase.js";
import { compareMessages, type MessageChanges } from "./compare-messages.js";
import { type Call, type Contexts, isSameCounter } from "./contexts.js";
import { commonStart } from "./first-difference.js";
import { priced, type Rates } from "./rates.js";
import type { ToolList } from "./tool-list.js";
import { textOf } from "./units.js";

export type CacheReading = {
  state: CacheState;
  read_tokens: number;
  written_tokens: number;
  /** what could have been read, had nothing in front been changed; null = unknown */
  expected_tokens: number | null;
  /** of those, what was not read */
  lost_tokens: number;
  /** what those cost more than if they had been read; null = a price is unknown */
  lost_usd: number | null;
  /** the call whose prompt was in the cache */
  against: Call | null;
  /** of broken and dropped: what differs first */
  at: Place | null;
};

/** `before`, `after`: indexes of the message in both prompts; `after` null = it is gone. */
export type Place = { part: "tools" } | { part: "system" } | { part: "message"; before: number; after: number | null };

/** Providers cache prompts from this length on (some models need more). */
export const leastCached = 1024;
const step = 128;
/** µs that a prompt is kept for after its last use. */
const kept = 300e6;
const lookBack = 64;

/** null: the provider reports no figures of a cache for this model in this run. */
export function openCacheReadings(contexts: Contexts): (call: Call) => CacheReading | null {
  const reporting = new Set<string | null>();
  for (const { step: own } of contexts.calls)
    if (own.cached_tokens !== null || own.cache_write_tokens !== null) reporting.add(modelOf(own));
  const known = new Map<Call, CacheReading | null>();
  return (call) => {
    let reading = known.get(call);
    if (reading === undefined) {
      reading = reporting.has(modelOf(call.step)) && call.measured ? read(call, contexts.rates(call.step)) : null;
      known.set(call, reading);
    }
    return reading;
  };
}

/** Only what a request marked is cached. */
function isExplicit(own: Step): boolean {
  return (own.cache_write_tokens ?? 0) > 0 || /anthropic|claude/.test(`${own.provider} ${modelOf(own)}`);
}

function read(call: Call, rates: Rates | null): CacheReading {
  const { step: own } = call;
  // instrumentations leave out what is 0
  const reading: CacheReading = {
    state: "first",
    read_tokens: own.cached_tokens ?? 0,
    written_tokens: own.cache_write_tokens ?? 0,
    expected_tokens: null,
    lost_tokens: 0,
    lost_usd: null,
    against: null,
    at: null,
  };
  const against = callBefore(call);
  if (!against) return reading;
  reading.against = against;
  const left = leftBehind(against.step);
  if (left < leastCached && reading.read_tokens > 0) return { ...reading, state: "read" };
  if (left < leastCached) return { ...reading, state: left === 0 && isExplicit(against.step) ? "unused" : "too_short" };
  const difference = differenceOf(against, call);
  const expected = Math.min(left, against.total - difference.gone, own.input_tokens as number);
  const lost = Math.max(0, Math.round(expected - reading.read_tokens));
  reading.expected_tokens = Math.max(expected, Math.min(reading.read_tokens, left));
  // Providers cache in steps and not always at once.
  if (lost < Math.max(leastCached / 2, expected / 10)) return { ...reading, state: "read" };
  const written = Math.min(lost, reading.written_tokens);
  reading.lost_tokens = lost;
  reading.lost_usd =
    rates && rates.cached !== null
      ? minus(
          priced([
            [lost - written, rates.fresh],
            [written, rates.written],
          ]),
          lost * rates.cached,
        )
      : null;
  if (!isSameCounter(against.step, own)) return { ...reading, state: "model_changed" };
  if (own.start_us - against.step.start_us > kept) return { ...reading, state: "expired" };
  if (difference.at) {
    const state = difference.at.part === "message" && difference.at.after === null ? "dropped" : "broken";
    return { ...reading, state, at: difference.at };
  }
  return { ...reading, state: "unexplained" };
}

const minus = (a: number | null, b: number) => (a === null ? null : a - b);

/** The last call of the same agent in this conversation that was over: others send another head. */
function callBefore(call: Call): Call | null {
  let at = call.previous;
  for (let i = 0; at && i < lookBack; i++, at = at.previous) {
    const over = at.step.end_us !== null && at.step.end_us <= call.step.start_us;
    if (at.measured && over && at.step.agent === call.step.agent) return at;
  }
  return null;
}

/** Tokens in the cache after a call. */
function leftBehind(before: Step): number {
  const used = (before.cached_tokens ?? 0) + (before.cache_write_tokens ?? 0);
  if (isExplicit(before)) return used;
  return Math.floor((before.input_tokens ?? 0) / step) * step;
}

/** What differs first in the order in which providers read a prompt, and how many of the old tokens are gone. */
function differenceOf(before: Call, call: Call): { at: Place | null; gone: number } {
  const changes = changesSince(before, call);
  let gone = 0;
  let at: Place | null = null;
  if (before.head.tools !== call.head.tools) {
    gone += before.tools_tokens * goneTools(before.head.toolList, call.head.toolList);
    at = { part: "tools" };
  }
  if (before.head.system !== call.head.system) {
    gone += before.system_tokens * goneText(before.head.system?.text() ?? "", call.head.system?.text() ?? "");
    at ??= { part: "system" };
  }
  if (!changes) return { at, gone };
  for (const message of changes.dropped) gone += messageTokens(before, message);
  for (const [old, now] of changes.rewritten)
    gone += messageTokens(before, old) * goneText(messageText(before, old), messageText(call, now));
  const prefix = changes.prefix;
  if (prefix < before.messages) {
    const rewritten = changes.rewritten.find(([old]) => old === prefix);
    at ??= {
      part: "message",
      before: prefix,
      after: rewritten?.[1] ?? (changes.dropped.includes(prefix) ? null : prefix),
    };
  }
  return { at, gone };
}

const messageText = ({ thread }: Call, index: number) => textOf(thread.messages[index] as Heard);

/** How much of a text is not in the other one any more, by what they begin and end with; 0 to 1. */
function goneText(before: string, after: string): number {
  if (before === "") return 0;
  const most = Math.min(before.length, after.length);
  const start = commonStart(before, after);
  let end = 0;
  while (end < most - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end))
    end++;
  return 1 - (start + end) / before.length;
}

function goneTools(before: ToolList | null, after: ToolList | null): number {
  if (!before) return 0;
  const kept = new Set(after?.definitions ?? []);
  const all = before.definitions.reduce((sum, each) => sum + each.length, 0);
  const same = before.definitions.reduce((sum, each) => sum + (kept.has(each) ? each.length : 0), 0);
  return all === 0 ? 0 : 1 - same / all;
}

function changesSince(before: Call, call: Call): MessageChanges | null {
  if (before === call.previous || before.thread === call.thread) return before === call.previous ? call.changes : null;
  return compareMessages(before.thread.messages, before.messages, call.thread.messages.slice(0, call.messages));
}

export function messageTokens({ thread }: Call, message: number): number {
  let tokens = 0;
  const start = message === 0 ? 0 : (thread.ends[message - 1] as number);
  for (let i = start; i < (thread.ends[message] as number); i++) tokens += thread.tokens[i] as number;
  return tokens;
}
