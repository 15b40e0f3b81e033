/** What the contexts of a run, or of one of its calls, consist of, what changed and what it costs. Pure. */
import type { CallContext, ContextExplanation } from "../context.js";
import { count, dotted, money, plural } from "../format.js";
import { nameOf, type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { modelOf } from "../step-phrase.js";
import { type CacheReading, openCacheReadings } from "./cache.js";
import { type Carried, carriedParts, countedCalls } from "./carried.js";
import { addedMessages, cacheOf, deltaOf, type Redact } from "./changes.js";
import { type Call, type Contexts, readContexts } from "./contexts.js";
import { carriedPart, messagePieces, originParts, partsOf, piecesOf, unitLabel } from "./describe.js";

/** Parts that are ranked. */
const ranked = 50;

/** `asked`: null = the whole run. Errors: none; a step that is no recorded call gives an answer without calls. */
export function explainRun(run: Run, asked: Step | null, redact: Redact): ContextExplanation {
  const contexts = readContexts(run);
  const counted = countedCalls(contexts);
  const total = counted.reduce((sum, call) => sum + call.total, 0);
  const carried = carriedParts(contexts, counted);
  const cache = openCacheReadings(contexts);
  const call = asked ? (contexts.callOf(asked) ?? null) : null;
  const own = call && new Set(piecesOf(call, contexts.unrecorded).map(({ unit }) => unit));
  const relevant = own ? carried.filter(({ unit }) => own.has(unit)) : carried;
  const calls = call ? [call] : asked ? [] : contexts.calls;
  const sum = (of: (step: Step) => number | null) => {
    const known = contexts.calls.map(({ step }) => of(step)).filter((n) => n !== null);
    return known.length === 0 ? null : known.reduce((all, n) => all + n, 0);
  };
  return {
    trace_id: run.trace.trace_id,
    span_id: asked?.span_id ?? null,
    verdict: call ? callVerdict(call) : runVerdict(contexts, counted, relevant, total),
    calls_in_run: contexts.calls.length,
    conversations: contexts.conversations.length,
    input_tokens: sum((step) => step.input_tokens),
    cached_tokens: sum((step) => step.cached_tokens),
    cost_usd: sum((step) => step.cost_usd),
    parts: call ? partsOf(piecesOf(call, contexts.unrecorded), call.total) : originParts(counted, carried),
    carried: relevant.slice(0, ranked).map((each) => carriedPart(each, total)),
    calls: calls.map((each) => callContext(each, cache(each), redact)),
    coverage: {
      matched: calls.length,
      matched_is_minimum: false,
      returned: calls.length,
      next_cursor: null,
      as_of_seq: run.as_of_seq,
      notes: notesOf(contexts, counted, calls, cache),
    },
  };
}

function callContext(call: Call, reading: CacheReading | null, redact: Redact): CallContext {
  const { step } = call;
  const added = addedMessages(call).flatMap((message) => messagePieces(call, message));
  return {
    span_id: step.span_id,
    conversation: call.conversation.index + 1,
    agent: step.agent,
    model: modelOf(step),
    start: new Date(step.start_us / 1000).toISOString(),
    messages: call.messages,
    input_tokens: step.input_tokens,
    cached_tokens: step.cached_tokens,
    cache_write_tokens: step.cache_write_tokens,
    cost_usd: step.cost_usd,
    added_parts: partsOf(added, call.total),
    delta: deltaOf(call, redact),
    cache: cacheOf(reading, call, redact),
  };
}

const percent = (share: number): string =>
  `${share >= 0.1 || share === 0 ? Math.round(share * 100) : Number((share * 100).toPrecision(1))} %`;

function runVerdict({ calls, conversations }: Contexts, counted: Call[], carried: Carried[], total: number): Phrase {
  if (calls.length === 0) return phrase`No model call of this run was recorded.`;
  const size = dotted([
    plural(calls.length, "model call"),
    conversations.length > 1 && plural(conversations.length, "conversation"),
    `${count(total)} input tok${counted[0]?.measured ? "" : " (estimated: none were reported)"}`,
  ]);
  const most = largestOrigin(carried);
  if (!most || calls.length === 1) return phrase`${size}`;
  const { first, parts, total_tokens, total_usd } = most;
  const usd = total_usd === null ? "" : `, ${money(total_usd)}`;
  const what =
    parts === 1 ? unitLabel(first.unit) : phrase`${count(parts)} results of ${nameOf(first.unit.tool ?? "")}`;
  const where = parts === 1 ? ` in ${plural(first.calls, "call")}` : "";
  return phrase`${size}; most went to ${what}: ${count(total_tokens)} tok${where}${usd}, ${percent(total_tokens / total)} of all input`;
}

type Largest = { first: Carried; parts: number; total_tokens: number; total_usd: number | null };

/** What cost most tokens: the results of one tool together, anything else by itself. `carried`: most first. */
function largestOrigin(carried: readonly Carried[]): Largest | null {
  const found = new Map<string | Carried, Largest>();
  for (const part of carried) {
    const { origin, tool } = part.unit;
    if (origin === "unrecorded") continue;
    const key = origin === "tool_result" && tool !== null ? tool : part;
    const same = found.get(key);
    if (!same) found.set(key, { first: part, parts: 1, total_tokens: part.total_tokens, total_usd: part.total_usd });
    else {
      same.parts++;
      same.total_tokens += part.total_tokens;
      same.total_usd = same.total_usd === null || part.total_usd === null ? null : same.total_usd + part.total_usd;
    }
  }
  return [...found.values()].reduce<Largest | null>(
    (most, each) => (most && most.total_tokens >= each.total_tokens ? most : each),
    null,
  );
}

function callVerdict(call: Call): Phrase {
  const { step } = call;
  const figures = dotted([
    call.measured
      ? `${count(call.total)} input tok`
      : `about ${count(call.total)} input tok (estimated: none were reported)`,
    step.cached_tokens !== null && `${count(step.cached_tokens)} read from the cache`,
    step.cache_write_tokens !== null &&
      step.cache_write_tokens > 0 &&
      `${count(step.cache_write_tokens)} written to it`,
    plural(call.messages, "message"),
    step.cost_usd !== null && money(step.cost_usd),
  ]);
  return step.agent === null ? phrase`${figures}` : phrase`${nameOf(step.agent)}: ${figures}`;
}

/** How figures were made, and what cannot be said. */
function notesOf(
  contexts: Contexts,
  counted: Call[],
  shown: Call[],
  cache: (call: Call) => CacheReading | null,
): string[] {
  const { run, calls, silent, left } = contexts;
  const notes: string[] = [];
  if (counted.some((call) => call.units > 0))
    notes.push(
      counted.some((call) => call.measured)
        ? "tokens of parts are estimated from their text and scaled to the totals that the provider reported"
        : "the provider reported no tokens: all tokens here are estimated from text",
    );
  if (counted.some((call) => call.step.cost_usd !== null)) {
    const unsolved = counted.filter((call) => call.measured && !contexts.rates(call.step)).length;
    notes.push(
      unsolved < counted.length
        ? `USD of a part = its tokens × what an input token of that call cost on average, solved from the recorded costs of its model's calls${unsolved > 0 ? `; not possible for ${plural(unsolved, "call")}` : ""}`
        : "USD of parts unknown: too few calls of one model to solve the price of an input token from their costs",
    );
  }
  const failed = calls.filter((call) => !call.measured).length;
  if (failed > 0 && failed < calls.length)
    notes.push(`${plural(failed, "call")} without reported tokens, not in the sums`);
  if (silent > 0) notes.push(`${silent} of ${plural(calls.length, "call")} without recorded contents`);
  if (counted.some((call) => call.unrecorded_tokens > 0))
    notes.push("not recorded: what the provider counted beyond all recorded text (tools, instructions or media)");
  if (calls.some((call) => call.held))
    notes.push(
      "calls marked held came without the earlier messages: the provider held them, or only new ones were recorded",
    );
  if (shown.some((call) => call.measured) && shown.every((call) => cache(call) === null))
    notes.push("no cache figures reported");
  if (left > 0) notes.push(`${plural(left, "call")} not looked at: too many prompts that share nothing`);
  if (run.omitted > 0) notes.push(`only the first ${count(run.steps.length)} spans of the run were read`);
  const running = calls.filter((call) => call.step.status === "running").length;
  if (running > 0) notes.push(`${plural(running, "call")} still running`);
  const sums = run.steps.filter((step) => step.kind !== "llm" && step.call === "llm").length;
  if (sums > 0) notes.push(`${plural(sums, "span")} with tokens of calls that were not recorded`);
  return notes;
}
