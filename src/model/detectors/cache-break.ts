/** Prompts that were changed in front, so that the provider's cache could not be read. */
import { type CacheReading, leastCached, messageTokens, openCacheReadings, type Place } from "../context/cache.js";
import { messageLabel, toolChange } from "../context/changes.js";
import { type Call, readContexts } from "../context/contexts.js";
import type { Finding } from "../diagnosis.js";
import { count, money, plural } from "../format.js";
import { type Phrase, phrase } from "../phrase.js";
import type { Run } from "../run.js";

type Break = { call: Call; against: Call; at: Place | null; reading: CacheReading };

/** A message that became this much shorter was shortened on purpose. */
const shortened = 0.4;

/** A changed part is a warning when it cost much or came again; what cannot be helped is at most worth knowing. */
export function detectCacheBreaks(run: Run): Finding[] {
  const contexts = readContexts(run);
  const cache = openCacheReadings(contexts);
  const groups = new Map<string, Break[]>();
  const add = (key: string, found: Break) => {
    const known = groups.get(key);
    if (known) known.push(found);
    else groups.set(key, [found]);
  };
  for (const call of contexts.calls) {
    const reading = cache(call);
    if (!reading?.against || reading.lost_tokens < leastCached) continue;
    const found = { call, against: reading.against, at: reading.at, reading };
    const kind = reading.state === "broken" && isShortened(found) ? "dropped" : reading.state;
    add(`${call.conversation.index} ${kind} ${kind === "broken" ? placeKey(found) : ""}`, found);
  }
  const found = Array.from(groups, ([key, breaks]) => findingOf(key.split(" ")[1] as string, breaks));
  return [...found, ...unmeasured(contexts.calls.filter((call) => cache(call) === null))];
}

/** Without figures of a cache nobody knows what a changing head cost. */
function unmeasured(calls: readonly Call[]): Finding[] {
  const changing = calls.filter(({ previous, head, measured, step }) => {
    if (!previous?.measured || !measured || previous.total < 2 * leastCached) return false;
    return previous.step.agent === step.agent && head.system !== previous.head.system && previous.head.system !== null;
  });
  const [first] = changing;
  if (!first?.previous || changing.length < 2) return [];
  return [
    {
      kind: "cache_break",
      severity: "info",
      summary: phrase`the system instructions changed between calls ${plural(changing.length, "time")}, which keeps providers from reading the prompt from their cache; this one reported no cache figures, so that what it cost is unknown`,
      evidence: [first, first.previous, ...changing.slice(1)].map(({ step }) => step.span_id),
      saves: { ms: null, tokens: null, usd: null },
    },
  ];
}

function placeKey({ against, at }: Break): string {
  return at?.part === "message" ? (against.thread.messages[at.before]?.message.role ?? "") : (at?.part ?? "");
}

function isShortened({ call, against, at }: Break): boolean {
  if (at?.part !== "message" || at.after === null) return false;
  return messageTokens(call, at.after) < messageTokens(against, at.before) * shortened;
}

function findingOf(state: string, breaks: readonly Break[]): Finding {
  const [{ call, against, at }] = breaks as [Break];
  const lost = breaks.reduce((sum, { reading }) => sum + reading.lost_tokens, 0);
  const input = breaks.reduce((sum, each) => sum + each.call.total, 0);
  const costs = breaks.map(({ reading }) => reading.lost_usd);
  const usd = costs.some((cost) => cost === null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0);
  const isFault = state === "broken" && (breaks.length > 1 || lost > input / 2);
  const worth = `${count(lost)} tok that could have been read from the cache were not, ${Math.round((lost / input) * 100)} % of the input of ${plural(breaks.length, "call")}${usd === null ? "" : `, ${money(usd)} more`}`;
  return {
    kind: "cache_break",
    severity: isFault ? "warning" : "info",
    summary: phrase`${reasonOf(state, call, against, at)}: ${worth}`,
    evidence: [call.step.span_id, against.step.span_id, ...breaks.slice(1).map((each) => each.call.step.span_id)],
    saves: { ms: null, tokens: null, usd: isFault ? usd : null },
  };
}

function reasonOf(state: string, call: Call, against: Call, at: Place | null): Phrase {
  switch (state) {
    case "broken":
      return phrase`${changedPart(call, against, at)} changed in front of a prompt that goes on (explain_context with the span shows the words)`;
    case "dropped":
      return phrase`messages were taken out or shortened`;
    case "expired":
      return phrase`more than 5 minutes lay between two calls`;
    case "model_changed":
      return phrase`the model changed`;
    default:
      return phrase`the prompt begins as before, and yet`;
  }
}

function changedPart(call: Call, against: Call, at: Place | null): Phrase {
  if (at?.part === "tools") return toolChange(against.head.toolList, call.head.toolList);
  if (at?.part === "message") return phrase`${messageLabel(against, at.before)} #${at.before + 1}`;
  return phrase`the system instructions`;
}
