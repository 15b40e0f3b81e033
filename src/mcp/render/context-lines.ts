/** Contexts of calls in lines: their parts, what changed, what was read from the cache. */
import { leastCached } from "../../model/context/cache.js";
import type { CallContext, CarriedPart, ContextCache, ContextChange, ContextPart } from "../../model/context.js";
import { count, dotted, duration, money, plural } from "../../model/format.js";
import { idText, nameText, quoted } from "./fence.js";
import { phraseText } from "./phrase.js";

export const percent = (share: number): string => (share > 0 && share < 0.01 ? "<1 %" : `${Math.round(share * 100)} %`);

export const signed = (n: number) => `${n < 0 ? "−" : "+"}${count(Math.abs(n))}`;

export function partLine(part: ContextPart): string {
  const where = part.message !== null && part.count === 1 ? ` #${part.message}` : "";
  const from = part.span_id === null ? "" : ` (span ${idText(part.span_id)})`;
  return `${count(part.tokens)} tok ${percent(part.share)} ${phraseText(part.label)}${where}${from}`;
}

export function carriedLine(part: CarriedPart): string {
  const where = part.span_id === null ? "" : ` (span ${idText(part.span_id)})`;
  const usd = part.total_usd === null ? "" : `, ${money(part.total_usd)}`;
  const again = part.calls > 1 ? `; ${count(part.resent_tokens)} of it resent` : "";
  // Another model counts the same text otherwise.
  const sum =
    part.tokens * part.calls === part.total_tokens
      ? `${count(part.tokens)} tok × ${plural(part.calls, "call")} = ${count(part.total_tokens)} tok`
      : `${count(part.total_tokens)} tok in ${plural(part.calls, "call")} (${count(part.tokens)} in the last)`;
  return `${phraseText(part.label)}${where}: ${sum}, ${percent(part.share)} of all input${usd}${again}`;
}

/** Label and tokens of the largest, the others summed up. */
function briefly(parts: readonly ContextPart[], most: number): string {
  const shown = parts.slice(0, most).map((part) => `${phraseText(part.label)} ${count(part.tokens)}`);
  const rest = parts.slice(most).reduce((sum, part) => sum + part.tokens, 0);
  return [...shown, ...(rest > 0 ? [`other ${count(rest)}`] : [])].join(", ");
}

/** What the call has that the one before it had not, and the other way round. */
export function changeText(call: CallContext, most = 3): string {
  const { delta } = call;
  if (!delta) return call.added_parts.length > 0 ? `begins with ${briefly(call.added_parts, most)}` : "";
  const { dropped, rewritten, rewritten_count: all } = delta;
  return [
    delta.held && "held",
    delta.restarted && "started over",
    call.added_parts.length > 0 && `+ ${briefly(call.added_parts, most)}`,
    dropped.messages > 0 && `DROPPED ${plural(dropped.messages, "message")} (${count(dropped.tokens)} tok)`,
    handedOver(call) &&
      `handed over from ${nameText(delta.previous_agent ?? "(no agent)", 40)} to other instructions or tools`,
    !handedOver(call) &&
      all > 0 &&
      `REWRITTEN ${rewritten.map(changedPart).join(", ")}${all > rewritten.length ? ` and ${count(all - rewritten.length)} more` : ""}`,
  ]
    .filter(Boolean)
    .join("; ");
}

/** Each agent has a system prompt and tools of its own. */
const handedOver = ({ agent, delta }: CallContext): boolean =>
  delta !== null && delta.previous_agent !== agent && delta.rewritten.some(({ part }) => part !== "message");

export const changedPart = (change: ContextChange) =>
  `${phraseText(change.label)}${change.message === null ? "" : ` #${change.message}`}`;

export function rewrittenLine(change: ContextChange): string {
  const words =
    change.before === null || change.after === null
      ? ""
      : `: ${quoted(change.before, 160)} → ${quoted(change.after, 160)}`;
  return `${changedPart(change)} (${count(change.tokens_before)} → ${count(change.tokens_after)} tok)${words}`;
}

/** One line of the table. `start`: of the run, ms. */
export function callLine(call: CallContext, start: number): string {
  const { delta, cached_tokens: cached } = call;
  const size =
    call.input_tokens === null
      ? "tokens not reported"
      : `${count(call.input_tokens)} tok${delta?.input_tokens == null ? "" : ` (${signed(delta.input_tokens)})`}`;
  const about = [call.agent, call.model].filter((name) => name !== null).map((name) => nameText(name, 40));
  return `+${duration(Date.parse(call.start) - start)} ${idText(call.span_id)} ${dotted([
    about.join(" "),
    size,
    cached !== null && `cached ${count(cached)}`,
    changeText(call),
    call.cache && troubleText(call.cache),
  ])}`;
}

const troubles: Partial<Record<ContextCache["state"], string>> = {
  broken: "CACHE BROKEN",
  dropped: "cache lost with dropped messages",
  expired: "cache expired (over 5 min since the last call)",
  model_changed: "cache lost: another model",
  unexplained: "cache not read though the prompt begins as before",
};

/** Empty when nothing was lost. */
function troubleText({ state, lost_tokens: lost, lost_usd: usd }: ContextCache): string {
  const trouble = troubles[state];
  return trouble === undefined
    ? ""
    : `${trouble}: ${count(lost)} tok not read${usd === null ? "" : `, ${money(usd)} more`}`;
}

/** `causeText`: how much is said of what broke it. */
export function cacheLine(cache: ContextCache | null, read: number | null, causeText = rewrittenLine): string {
  if (!cache) return "cache: no figures reported";
  const expected = cache.expected_tokens === null ? "" : ` of ${count(cache.expected_tokens)} tok that could be`;
  const quiet: Partial<Record<ContextCache["state"], string>> = {
    first: "nothing was in the cache yet",
    too_short: `the prompt before was shorter than what providers cache (${count(leastCached)} tok)`,
    unused: "nothing had been marked to be cached",
  };
  const why = troubleText(cache) || quiet[cache.state];
  const cause = cache.cause ? `; cause: ${causeText(cache.cause)}` : "";
  return `cache: ${count(read ?? 0)} read${expected}${why ? ` · ${why}` : ""}${cause}`;
}

/** What was lost over all calls, each reason once, and the costliest change in words. */
export function cacheLosses(calls: readonly CallContext[]): string[] {
  const lines: string[] = [];
  for (const state of Object.keys(troubles) as (keyof typeof troubles)[]) {
    const lost = calls.filter(({ cache }) => cache?.state === state);
    const [worst] = [...lost].sort((a, b) => (b.cache?.lost_tokens ?? 0) - (a.cache?.lost_tokens ?? 0));
    if (!worst?.cache) continue;
    const lost_tokens = lost.reduce((sum, { cache }) => sum + (cache?.lost_tokens ?? 0), 0);
    const costs = lost.map(({ cache }) => cache?.lost_usd ?? null).filter((usd) => usd !== null);
    const lost_usd = costs.length === lost.length ? costs.reduce((sum, usd) => sum + usd, 0) : null;
    const cause = worst.cache.cause ? `; ${rewrittenLine(worst.cache.cause)}` : "";
    lines.push(
      `${troubleText({ ...worst.cache, lost_tokens, lost_usd })} in ${plural(lost.length, "call")} (${lost.length > 1 ? "most in " : ""}span ${idText(worst.span_id)}${cause})`,
    );
  }
  return lines;
}
