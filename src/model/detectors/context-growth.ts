/** Few results or messages that filled the context and were resent in every later call. */
import { type Carried, carriedParts, countedCalls, inputPrice } from "../context/carried.js";
import { type Call, type Contexts, type Conversation, readContexts } from "../context/contexts.js";
import { shareOf, unitLabel } from "../context/describe.js";
import type { Unit } from "../context/units.js";
import type { Finding } from "../diagnosis.js";
import { count, money, plural } from "../format.js";
import { medianOf } from "../path-work.js";
import { phrase } from "../phrase.js";
import type { Run } from "../run.js";

/** Tokens of one part, and how many times what a call usually adds. */
const large = 2000;
const outstanding = 4;
/** Tokens that were resent, and their part of the conversation's input. */
const resentAtLeast = 8000;
const shareAtLeast = 0.3;
/** USD that nobody minds, unless it is for very many tokens. */
const minded = 0.01;
const manyTokens = 40_000;
/** Parts that are named. */
const named = 3;

/** Steady growth, and what the first call already held, is no fault. Silent where the provider reported no tokens. */
export function detectContextGrowth(run: Run): Finding[] {
  const contexts = readContexts(run);
  const calls = countedCalls(contexts).filter((call) => call.measured);
  if (calls.length < 3) return [];
  const carried = new Map<Conversation, Carried[]>();
  for (const part of carriedParts(contexts, calls)) {
    const known = carried.get(part.last.conversation);
    if (known) known.push(part);
    else carried.set(part.last.conversation, [part]);
  }
  return contexts.conversations.flatMap((conversation) => {
    const own = conversation.calls.filter((call) => call.measured);
    return [...resentParts(own, carried.get(conversation) ?? [], contexts), ...repeatedParts(own.at(-1))];
  });
}

function resentParts(own: readonly Call[], parts: readonly Carried[], contexts: Contexts): Finding[] {
  const [opening] = own;
  if (!opening || own.length < 3) return [];
  const input = own.reduce((sum, call) => sum + call.total, 0);
  const usual = usualGrowth(own);
  const given = new Set<Unit>(opening.thread.units.slice(0, opening.units));
  const found = parts.filter(
    ({ unit, tokens, calls }) =>
      (unit.origin === "tool_result" || unit.origin === "user") &&
      !given.has(unit) &&
      calls > 2 &&
      tokens >= Math.max(large, usual * outstanding),
  );
  const resent = found.reduce((sum, part) => sum + part.total_tokens - part.first_tokens, 0);
  const total = found.reduce((sum, part) => sum + part.total_tokens, 0);
  const share = shareOf(total, input);
  const [most] = found;
  if (!most || resent < resentAtLeast || share < shareAtLeast) return [];
  const costs = found.map((part) => resentCost(part, contexts));
  const usd = costs.some((cost) => cost === null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0);
  const times = usual > 0 ? `, ${count(Math.round(most.tokens / usual))} times what a call usually adds` : "";
  const more = found.length > 1 ? ` (with ${plural(found.length - 1, "other large part")})` : "";
  return [
    {
      kind: "context_growth",
      severity: usd !== null && usd < minded && resent < manyTokens ? "info" : "warning",
      summary: phrase`${unitLabel(most.unit)} filled the context: ${count(most.tokens)} tok${times}, in ${most.calls} calls${more}; resending it after the first cost ${count(resent)} tok${usd === null ? "" : `, ${money(usd)}`}; ${Math.round(share * 100)} % of the conversation's input`,
      evidence: [
        ...new Set(
          found.slice(0, named).flatMap(({ unit, first, last }) => [unit.span ?? first.step, first.step, last.step]),
        ),
      ].map(({ span_id }) => span_id),
      saves: { ms: null, tokens: resent, usd },
    },
  ];
}

/** What all calls but the first paid for it. */
function resentCost({ total_usd, first, first_tokens }: Carried, contexts: Contexts): number | null {
  const price = inputPrice(first, contexts);
  return total_usd === null || price === null ? null : total_usd - first_tokens * price;
}

/** The median of what calls added to the call before. */
function usualGrowth(calls: readonly Call[]): number {
  const growth = calls.flatMap(({ previous, total }) => (previous?.measured ? [total - previous.total] : []));
  return medianOf(growth.filter((tokens) => tokens > 0)) || 0;
}

/** The same messages several times in one prompt: something appends what is there already. */
function repeatedParts(call: Call | undefined): Finding[] {
  if (!call) return [];
  const seen = new Set<Unit>();
  let repeated = 0;
  let times = 0;
  for (const [i, unit] of call.thread.units.slice(0, call.units).entries()) {
    if (seen.has(unit)) {
      repeated += call.thread.tokens[i] as number;
      times += 1;
    }
    seen.add(unit);
  }
  if (repeated < large || repeated < call.total * shareAtLeast) return [];
  return [
    {
      kind: "context_growth",
      severity: "warning",
      summary: phrase`the prompt of the last call repeats itself: ${plural(times, "part")} of ${plural(call.units, "part")} stand in it more than once, ${count(repeated)} of ${count(call.total)} tok`,
      evidence: [call.step.span_id],
      saves: { ms: null, tokens: repeated, usd: null },
    },
  ];
}
