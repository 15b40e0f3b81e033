/** What the end of a run waited for: one stretch of time after the other, each the own time of one step. Pure. */
import type { Step } from "./run.js";
import { orderTopDown } from "./trace-order.js";

/** Times in µs since the epoch. `step`: whose own time it is; null = outside every span. */
export type Stretch = { step: Step | null; from_us: number; to_us: number };

export type CriticalPath = {
  start_us: number;
  end_us: number;
  /** in time order, without holes from start to end */
  stretches: Stretch[];
  /** when a step was over: its end, else the latest thing known of it or below it */
  end(step: Step): number;
  parent(step: Step): Step | null;
  hasChildren(step: Step): boolean;
};

/** A child that outlives its parent is looked for in so many ancestors, then at the top. */
const farthestAncestor = 64;
/** Times that the walk may look at a step, on average; what is left then counts as its parent's own time. */
const looksPerStep = 40;

type Node = {
  /** null at the top */
  step: Step | null;
  start: number;
  end: number;
  /** latest end last; taken from the end while time runs backwards */
  children: Node[];
  /** children that end after the time looked at, latest start on top */
  active: Node[];
};

/**
 * Walks back from the end. Of children side by side only those count that the time after them waited for: the one that
 * ended last before it, and where none had ended, the one that still ran. Children may outlive their parents or start
 * before them. n log n.
 */
export function criticalPath(steps: readonly Step[]): CriticalPath {
  const { order, parent } = orderTopDown(steps);
  const ends = endsOf(steps, order, parent);
  const nodes = steps.map((step, i): Node => {
    const end = ends[i] as number;
    return { step, start: step.start_us, end, children: [], active: [] };
  });
  // clocks differ: a child may begin before its parent
  for (let at = order.length - 1; at >= 0; at--) {
    const i = order[at] as number;
    const above = nodes[parent[i] as number];
    if (above) above.start = Math.min(above.start, (nodes[i] as Node).start);
  }
  const start = nodes.reduce((least, node) => Math.min(least, node.start), Number.POSITIVE_INFINITY);
  const end = nodes.reduce((most, node) => Math.max(most, node.end), Number.NEGATIVE_INFINITY);
  const top: Node = { step: null, start, end, children: [], active: [] };
  for (const [i, node] of nodes.entries()) {
    let above = parent[i] as number;
    const own = above < 0 ? top : (nodes[above] as Node);
    own.children.push(node);
    for (let n = 0; above >= 0 && (ends[above] as number) < node.end && n < farthestAncestor; n++)
      above = parent[above] as number;
    const holder = above < 0 || (ends[above] as number) < node.end ? top : (nodes[above] as Node);
    if (holder !== own) holder.children.push(node);
  }
  for (const node of [top, ...nodes]) node.children.sort((a, b) => a.end - b.end || a.start - b.start);
  const withChildren = new Set<Step>();
  for (const i of order) if ((parent[i] as number) >= 0) withChildren.add(steps[parent[i] as number] as Step);
  const place = new Map(steps.map((step, i) => [step, i]));
  return {
    start_us: steps.length > 0 ? start : 0,
    end_us: steps.length > 0 ? end : 0,
    stretches: steps.length > 0 ? walkBack(top, looksPerStep * steps.length) : [],
    end: (step) => ends[place.get(step) as number] as number,
    parent: (step) => steps[parent[place.get(step) as number] as number] ?? null,
    hasChildren: (step) => withChildren.has(step),
  };
}

/** A step that runs lasts until the latest time known; one that was left behind until the last of what is below it. */
function endsOf(steps: readonly Step[], order: Int32Array, parent: Int32Array): Float64Array {
  const ends = Float64Array.from(steps, (step) => Math.max(step.start_us, step.end_us ?? step.start_us));
  const latest = ends.reduce((most, end) => Math.max(most, end), Number.NEGATIVE_INFINITY);
  for (let at = order.length - 1; at >= 0; at--) {
    const i = order[at] as number;
    if (steps[i]?.status === "running") ends[i] = latest;
    const above = parent[i] as number;
    if (above >= 0 && steps[above]?.end_us === null) ends[above] = Math.max(ends[above] as number, ends[i] as number);
  }
  return ends;
}

function walkBack(top: Node, looks: number): Stretch[] {
  const found: Stretch[] = [];
  const add = (node: Node, from: number, to: number) => {
    if (to <= from) return;
    const own = node.step?.start_us ?? from;
    if (own > from && own < to) {
      add(node, own, to);
      add(node, from, own);
      return;
    }
    const step = own > from ? null : node.step;
    const later = found.at(-1);
    if (later && later.step === step && later.from_us === to) later.from_us = from;
    else found.push({ step, from_us: from, to_us: to });
  };
  const stack = [{ node: top, from: top.start, at: top.end }];
  let left = looks;
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const { node, from, at } = frame;
    if (at <= from || left-- <= 0) {
      add(node, from, at);
      stack.pop();
      continue;
    }
    while ((node.children.at(-1)?.end ?? Number.NEGATIVE_INFINITY) > at) push(node.active, node.children.pop() as Node);
    while ((node.active[0]?.start ?? Number.NEGATIVE_INFINITY) >= at) pop(node.active);
    const ended = node.children.at(-1);
    const running = node.active[0];
    const to = Math.max(from, Math.min(at, ended?.end ?? from));
    if (ended && ended.end === at) {
      node.children.pop();
      frame.at = Math.max(from, Math.min(at, ended.start));
      stack.push({ node: ended, from: frame.at, at });
    } else if (running && running.start < at) {
      frame.at = Math.max(to, running.start);
      stack.push({ node: running, from: frame.at, at });
    } else {
      add(node, to, at);
      frame.at = to;
    }
  }
  return found.reverse();
}

function push(heap: Node[], node: Node): void {
  let at = heap.length;
  heap.push(node);
  while (at > 0) {
    const above = (at - 1) >> 1;
    if ((heap[above] as Node).start >= node.start) break;
    heap[at] = heap[above] as Node;
    at = above;
  }
  heap[at] = node;
}

function pop(heap: Node[]): void {
  const last = heap.pop() as Node;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && (heap[below + 1] as Node).start > (heap[below] as Node).start) below++;
    if ((heap[below] as Node).start <= last.start) break;
    heap[at] = heap[below] as Node;
    at = below;
  }
  heap[at] = last;
}
