/** What agents asked for before control passed on: tools that hand over, in spans and in words. Pure. */
import { firstIndex } from "./first-index.js";
import { bareName, handOffTarget, isTarget } from "./hand-off.js";
import type { SpanKind } from "./kind.js";

/** The columns of a span that this looks at. Times in µs. */
export type GraphSpan = {
  id: number;
  span_id: string;
  parent_span_id: string | null;
  name: string;
  kind: SpanKind;
  is_error: boolean;
  start_us: number;
  /** null while it has not ended */
  duration_us: number | null;
  agent: string | null;
  service: string | null;
  tool: string | null;
  /** whether its tokens and cost are part of the totals */
  has_usage: boolean;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
};

/** What recorded words tell: names of the tools that a model call asked for, agents that an agent's output names as next. Null: not looked at. */
export type Asked = {
  /** whether what the turn before said is looked at too */
  turns: boolean;
  tools(call: GraphSpan): string[] | null;
  next(agent: GraphSpan): string[] | null;
};

/** A wish that no run fulfilled; `instead`: the run that came next. */
export type Unmet = { from: string | null; target: string; span: GraphSpan; instead: GraphSpan | null };

/** A request to hand over, until a run takes it up. */
type Wish = { target: string; span: GraphSpan; instead: GraphSpan | null };

/** A span of kind agent that names its agent, with the work that is its own. */
export type AgentRun = {
  span: GraphSpan;
  caller: AgentRun | null;
  calls: GraphSpan[];
  /** hand-off tools that ran */
  wishes: Wish[];
  /** hand-offs that a model call asked for, by its id: each is read once */
  said: Map<number, Wish[]>;
  fulfilled: Set<string>;
};

/** Takes the latest wish before the run that may mean it. */
export function takeWish({ fulfilled }: AgentRun, wishes: Wish[], span: GraphSpan): boolean {
  for (let at = wishes.length - 1; at >= 0 && at >= wishes.length - mostWishes; at--) {
    const wish = wishes[at] as Wish;
    if (wish.span.start_us > span.start_us) continue;
    if (isTarget(wish.target, span.agent)) {
      wishes.splice(at, 1);
      fulfilled.add(wish.target);
      return true;
    }
    wish.instead ??= span;
  }
  return false;
}

/** How far back a wish is looked for. */
const mostWishes = 100;

/** Whether the last model call before the run, or the other's own output, names it; null: not looked at. */
export function saidSo(run: AgentRun, span: GraphSpan, asked: Asked, isOver: boolean): boolean | null {
  const call = lastBefore(run.calls, span.start_us);
  if (call) {
    let wishes = run.said.get(call.id);
    if (!wishes) {
      const tools = asked.tools(call);
      if (tools === null) return null;
      wishes = tools.flatMap((tool) => {
        const target = handOffTarget(tool);
        return target === null ? [] : [{ target, span: call, instead: null }];
      });
      run.said.set(call.id, wishes);
    }
    if (takeWish(run, wishes, span)) return true;
  }
  if (!isOver) return false;
  const next = asked.next(run.span);
  return next === null ? null : next.some((name) => name !== "" && isTarget(name, span.agent));
}

/** The last of `calls` (in start order) that began before the time. */
function lastBefore(calls: readonly GraphSpan[], us: number): GraphSpan | undefined {
  return calls[firstIndex(calls, ({ start_us }) => start_us > us) - 1];
}

/** Hand-offs that named somebody who did not run afterwards under any kind of span, and to whom control did not go back either. */
export function unmetOf(runs: Iterable<AgentRun>, spans: readonly GraphSpan[]): Unmet[] {
  const unmet: Unmet[] = [];
  let seen: Map<string, number> | undefined;
  for (const run of runs) {
    const ran = new Set(run.wishes.map(({ target }) => target));
    // what a model asked for and its tool did is one wish
    const words = [...run.said.values()].flat().filter(({ target }) => !ran.has(target) && !run.fulfilled.has(target));
    for (const { target, span, instead } of [...run.wishes, ...words]) {
      if (target === "") continue;
      seen ??= lastSeen(spans);
      if ((seen.get(bareName(target)) ?? -1) >= span.start_us || returns(run, target)) continue;
      unmet.push({ from: run.span.agent, target, span, instead });
    }
  }
  return unmet;
}

/** When a span of that name, or of an agent of that name, began last. */
function lastSeen(spans: readonly GraphSpan[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { name, agent, kind, start_us } of spans) {
    if (kind === "tool" || kind === "llm") continue;
    seen.set(bareName(name), start_us);
    if (agent !== null) seen.set(bareName(agent), start_us);
  }
  return seen;
}

function returns(run: AgentRun, target: string): boolean {
  let above = run.caller;
  for (let steps = 0; above && steps < mostWishes; steps++, above = above.caller)
    if (isTarget(target, above.span.agent)) return true;
  return false;
}
