/** The calls of a run in a table: those that changed something stand out, similar ones fold. */
import type { CallContext } from "../../model/context.js";
import { count, plural } from "../../model/format.js";
import { estimateTokens } from "../../model/tokens.js";
import { callLine, signed } from "./context-lines.js";
import { nameText } from "./fence.js";

const quiet = new Set(["read", "first", "too_short", "unused", undefined]);
const foldTokens = 30;

/** Up to this many calls are not folded where there is room. */
const few = 8;
/** Growth of this many times the usual one stands out. */
const outstanding = 1.5;

/** How much each call asks to be seen; 0 = it is like the others. */
function weigh(calls: readonly CallContext[]): number[] {
  const growth = calls.map(({ delta, input_tokens }) => Math.abs(delta?.input_tokens ?? input_tokens ?? 0));
  const sorted = growth.slice().sort((a, b) => a - b);
  const usual = sorted[sorted.length >> 1] as number;
  const largest = Math.max(1, sorted.at(-1) ?? 0);
  const lastOf = new Map(calls.map(({ conversation }, i) => [conversation, i]));
  return calls.map((call, i) => {
    const { delta, cache } = call;
    const changed = (delta?.dropped.messages ?? 0) + (delta?.rewritten_count ?? 0) > 0;
    const size = growth[i] as number;
    const reasons = [
      !quiet.has(cache?.state) && 2,
      changed && 1,
      (delta === null || lastOf.get(call.conversation) === i) && 0.5,
      (calls.length <= few || size > usual * outstanding) && size / largest + 0.01,
    ];
    return reasons.reduce<number>((sum, reason) => sum + (reason || 0), 0);
  });
}

/** `start`: of the run, ms. `shown`: calls with a line of their own. */
export function contextTable(
  calls: readonly CallContext[],
  start: number,
  budget: number,
): { text: string; shown: number } {
  const weights = weigh(calls);
  const best = calls
    .flatMap((_, i) => ((weights[i] as number) > 0 ? [i] : []))
    .sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const lines = new Map<number, string>();
  let used = 0;
  for (const i of best) {
    const line = callLine(calls[i] as CallContext, start);
    used += estimateTokens(line) + 1;
    // each line may part a fold in two
    if (used + Math.min(lines.size + 1, calls.length - lines.size) * foldTokens > budget && lines.size > 0) break;
    lines.set(i, line);
  }
  const several = new Set(calls.map(({ conversation }) => conversation)).size > 1;
  const order = several ? inConversations(calls) : calls.map((_, i) => i);
  const text: string[] = [];
  let fold: CallContext[] = [];
  let conversation = 0;
  const close = () => {
    if (fold.length > 0) text.push(foldLine(fold));
    fold = [];
  };
  for (const i of order) {
    const call = calls[i] as CallContext;
    if (several && call.conversation !== conversation && (lines.has(i) || fold.length === 0)) {
      close();
      conversation = call.conversation;
      if (lines.has(i))
        text.push(`conversation ${conversation}${call.agent === null ? "" : ` of ${nameText(call.agent, 40)}`}:`);
    }
    const line = lines.get(i);
    if (line === undefined) fold.push(call);
    else {
      close();
      text.push(line);
    }
  }
  close();
  return { text: text.join("\n"), shown: lines.size };
}

/** Conversations in the order in which they begin. */
function inConversations(calls: readonly CallContext[]): number[] {
  const groups = new Map<number, number[]>();
  for (const [i, { conversation }] of calls.entries()) {
    const group = groups.get(conversation);
    if (group) group.push(i);
    else groups.set(conversation, [i]);
  }
  return [...groups.values()].flat();
}

/** `… 12 more calls: 2,100 → 8,400 tok, each +420 to +610, cached 71 %`. */
function foldLine(calls: readonly CallContext[]): string {
  const sizes = calls.map(({ input_tokens }) => input_tokens).filter((n) => n !== null);
  const steps = calls.map(({ delta }) => delta?.input_tokens ?? null).filter((n) => n !== null);
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  const cached = calls.reduce((sum, call) => sum + (call.cached_tokens ?? 0), 0);
  const input = sizes.reduce((sum, n) => sum + n, 0);
  const [first, last] = [sizes[0], sizes.at(-1)];
  const parts = [
    first === undefined || last === undefined
      ? "tokens not reported"
      : first === last
        ? `${count(first)} tok`
        : `${count(first)} → ${count(last)} tok`,
    steps.length > 0 && (least === most ? signed(least) : `each ${signed(least)} to ${signed(most)}`),
    cached > 0 && input > 0 && `cached ${Math.round((cached / input) * 100)} %`,
  ];
  return `… ${plural(calls.length, "more call")}: ${parts.filter(Boolean).join(", ")}`;
}
