/** How control came to each run of an agent in a trace. Pure. */
import type { EdgeKind } from "./agent-graph.js";
import { handOffTarget } from "./hand-off.js";
import { type AgentRun, type Asked, type GraphSpan, saidSo, takeWish, type Unmet, unmetOf } from "./hand-off-wishes.js";
import { addKnown } from "./known-sums.js";
import { orderTopDown } from "./trace-order.js";

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

export type Passings = {
  passings: Passing[];
  unmet: Unmet[];
  /** runs under a span whose parent is named but was not recorded */
  orphans: number;
  /** agent spans without a name: no runs of an agent */
  unnamed: number;
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
    if (takeWish(before, before.wishes, span) || (asked.turns && saidSo(before, span, asked, false) === true))
      return handedBy(before);
  }
  return base;
}

type Sums = Pick<Passing, "input_tokens" | "output_tokens" | "cost_usd">;

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
    above.input_tokens = addKnown(above.input_tokens, own.input_tokens);
    above.output_tokens = addKnown(above.output_tokens, own.output_tokens);
    above.cost_usd = addKnown(above.cost_usd, own.cost_usd);
  }
  return sums;
}
