/** How control came to each run of an agent in a trace. Pure. */
import type { EdgeKind } from "./agent-graph.js";
import { bareName, handOffTarget, isTarget } from "./hand-off.js";
import type { SpanKind } from "./kind.js";
import { orderTopDown } from "./trace-order.js";

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
  tool: string | null;
  /** whether its tokens and cost are part of the totals */
  has_usage: boolean;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
};

/** What recorded words tell: names of the tools that a model call asked for, agents that an agent's output names as next. Null: not looked at. */
export type Asked = {
  tools(call: GraphSpan): string[] | null;
  next(agent: GraphSpan): string[] | null;
};

export type Origin = { from: string | null; via: string | null; kind: EdgeKind };

export type Passing = {
  run: GraphSpan;
  /** null: recorded words would tell a hand-off from `base`, and were not looked at */
  told: Origin | null;
  /** what its place in the trace alone says */
  base: Origin;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
};

/** A wish that no run fulfilled; `instead`: the run that came next. */
export type Unmet = { from: string | null; target: string; span: GraphSpan; instead: GraphSpan | null };

export type Passings = {
  passings: Passing[];
  unmet: Unmet[];
  /** runs under a span whose parent is named but was not recorded */
  orphans: number;
  /** agent spans without a name: no runs of an agent */
  unnamed: number;
};

/** A request to hand over, until a run takes it up. */
type Wish = { target: string; span: GraphSpan; instead: GraphSpan | null };

/** A span of kind agent that names its agent, with the work that is its own. */
type AgentRun = {
  span: GraphSpan;
  caller: AgentRun | null;
  calls: GraphSpan[];
  /** hand-off tools that ran */
  wishes: Wish[];
  /** hand-offs that a model call asked for, by its id: each is read once */
  said: Map<number, Wish[]>;
  fulfilled: Set<string>;
};

const endOf = (span: GraphSpan) => span.start_us + (span.duration_us ?? Number.POSITIVE_INFINITY);

/** `traces`: the spans of each in start order. Traces of one session must come in their order of time. n log n. */
export function findPassings(
  traces: readonly { session: number | null; spans: GraphSpan[] }[],
  asked: Asked,
): Passings {
  const found: Passings = { passings: [], unmet: [], orphans: 0, unnamed: 0 };
  const lastOf = new Map<number, AgentRun>();
  const read: { runs: Iterable<AgentRun>; spans: GraphSpan[] }[] = [];
  for (const { session, spans } of traces) {
    const before = session === null ? undefined : lastOf.get(session);
    const { runs, last } = passingsOf(spans, asked, before ?? null, found);
    if (session !== null && last) lastOf.set(session, last);
    read.push({ runs, spans });
  }
  // only now: the next trace of a session may have fulfilled a wish
  for (const { runs, spans } of read) found.unmet.push(...unmetOf(runs, spans));
  return found;
}

function passingsOf(spans: readonly GraphSpan[], asked: Asked, before: AgentRun | null, found: Passings) {
  const tree = orderTopDown(spans);
  const below = sumsBelow(spans, tree);
  const runs = new Map<number, AgentRun>();
  /** of each span: index of the run that it is inside of, of the tool between the two, of the top of its tree */
  const inside = new Int32Array(spans.length).fill(-1);
  const through = new Int32Array(spans.length).fill(-1);
  const top = new Int32Array(spans.length);
  for (const i of tree.order) {
    const above = tree.parent[i] as number;
    const span = spans[i] as GraphSpan;
    top[i] = above < 0 ? i : (top[above] as number);
    if (above >= 0) {
      const isRun = runs.has(above);
      inside[i] = isRun ? above : (inside[above] as number);
      through[i] = isRun ? -1 : (spans[above] as GraphSpan).kind === "tool" ? above : (through[above] as number);
    }
    if (span.kind !== "agent") continue;
    if (span.agent === null) found.unnamed++;
    else
      runs.set(i, {
        span,
        caller: runs.get(inside[i] as number) ?? null,
        calls: [],
        wishes: [],
        said: new Map(),
        fulfilled: new Set(),
      });
  }
  /** runs in start order by what holds them: a run, or the top of their tree */
  const held = new Map<number, number[]>();
  for (const [i, span] of spans.entries()) {
    if (runs.has(i)) {
      const holder = (inside[i] as number) >= 0 ? (inside[i] as number) : -1 - (top[i] as number);
      const siblings = held.get(holder);
      if (siblings) siblings.push(i);
      else held.set(holder, [i]);
    }
    const owner = runs.get(inside[i] as number);
    if (!owner) continue;
    if (span.kind === "llm") owner.calls.push(span);
    const target = span.kind === "tool" ? handOffTarget(span.tool ?? span.name) : null;
    if (target !== null) owner.wishes.push({ target, span, instead: null });
  }

  let last: AgentRun | null = null;
  for (const siblings of held.values()) {
    // of those that had ended when a run began, the one that ended last came before it
    const ended = [...siblings].sort((a, b) => endOf(spans[a] as GraphSpan) - endOf(spans[b] as GraphSpan));
    let at = 0;
    for (const i of siblings) {
      const run = runs.get(i) as AgentRun;
      while (at < ended.length && endOf(spans[ended[at] as number] as GraphSpan) <= run.span.start_us) at++;
      const previous = ended[at - 1];
      const sibling = previous === undefined || previous === i ? null : (runs.get(previous) ?? null);
      const isTop = run.caller === null;
      if (isTop && (spans[top[i] as number] as GraphSpan).parent_span_id !== null) found.orphans++;
      const tool = spans[through[i] as number];
      const via = tool === undefined ? null : (tool.tool ?? tool.name);
      const base: Origin = run.caller
        ? { from: run.caller.span.agent, via, kind: "call" }
        : sibling
          ? { from: sibling.span.agent, via: null, kind: "sequence" }
          : { from: null, via, kind: "start" };
      const told = cameFrom(run, sibling, isTop ? before : null, base, asked);
      found.passings.push({ run: run.span, told, base, ...(below[i] as Sums) });
      if (isTop && (last === null || endOf(run.span) >= endOf(last.span))) last = run;
    }
  }
  return { runs: runs.values(), last };
}

/** Null: it would have to be read. */
function cameFrom(
  { span, caller }: AgentRun,
  sibling: AgentRun | null,
  before: AgentRun | null,
  base: Origin,
  asked: Asked,
): Origin | null {
  const handedBy = (run: AgentRun): Origin => ({ from: run.span.agent, via: null, kind: "handoff" });
  for (const run of [sibling, caller]) if (run && takeWish(run, run.wishes, span)) return handedBy(run);
  // an agent that is another's tool was called, whatever else its caller said
  if (caller && base.via !== null) return base;
  let isUnread = false;
  for (const run of [sibling, caller]) {
    const found = run && saidSo(run, span, asked, run === sibling);
    if (run && found === true) return handedBy(run);
    if (run && found === null) isUnread = true;
  }
  if (isUnread) return null;
  // the next turn of a conversation begins where the last one handed over to
  if (before && !sibling && before.span.agent !== span.agent && endOf(before.span) <= span.start_us) {
    if (takeWish(before, before.wishes, span) || saidSo(before, span, asked, false) === true) return handedBy(before);
  }
  return base;
}

/** Takes the latest wish before the run that may mean it. */
function takeWish({ fulfilled }: AgentRun, wishes: Wish[], span: GraphSpan): boolean {
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
function saidSo(run: AgentRun, span: GraphSpan, asked: Asked, isOver: boolean): boolean | null {
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
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((calls[middle] as GraphSpan).start_us <= us) low = middle + 1;
    else high = middle;
  }
  return calls[low - 1];
}

/** Hand-offs that named somebody who did not run afterwards under any kind of span, and to whom control did not go back either. */
function unmetOf(runs: Iterable<AgentRun>, spans: readonly GraphSpan[]): Unmet[] {
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

type Sums = Pick<Passing, "input_tokens" | "output_tokens" | "cost_usd">;

const sumOf = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : a + b);

/** Tokens and cost of each span with all that is below it. */
function sumsBelow(spans: readonly GraphSpan[], { order, parent }: ReturnType<typeof orderTopDown>): Sums[] {
  const sums = spans.map(
    (span): Sums =>
      span.has_usage
        ? { input_tokens: span.input_tokens, output_tokens: span.output_tokens, cost_usd: span.cost_usd }
        : { input_tokens: null, output_tokens: null, cost_usd: null },
  );
  for (let at = spans.length - 1; at >= 0; at--) {
    const i = order[at] as number;
    const above = sums[parent[i] as number];
    if (!above) continue;
    const own = sums[i] as Sums;
    above.input_tokens = sumOf(above.input_tokens, own.input_tokens);
    above.output_tokens = sumOf(above.output_tokens, own.output_tokens);
    above.cost_usd = sumOf(above.cost_usd, own.cost_usd);
  }
  return sums;
}
