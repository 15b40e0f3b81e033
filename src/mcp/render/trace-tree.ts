/** A trace as a tree of lines within a budget: errors first, then what took longest or cost most; the rest folds and is counted. */

import { count, duration, plural } from "../../model/format.js";
import type { SpanSummary } from "../../model/summary.js";
import { estimateTokens } from "../../model/tokens.js";
import { type TreeNode, walkTree } from "../../model/tree.js";
import { nameText } from "./fence.js";
import { type LineFrame, spanLine } from "./span-line.js";

type Node = TreeNode<SpanSummary>;

const foldTokens = 14;
const deepestIndent = 16;
/** From this length on, and a tenth of the trace, a folded run says what it is made of. */
const namedRun = 5;

function maximum(nodes: readonly Node[], of: (span: SpanSummary) => number | null): number {
  let most = Number.MIN_VALUE;
  for (const node of nodes) most = Math.max(most, of(node.span) ?? 0);
  return most;
}

/** How much each span asks to be seen: errors above all, then its largest share of the trace's time or cost. */
function weigh(nodes: readonly Node[]): Map<Node, number> {
  const cost = (span: SpanSummary) => (span.counted ? span.cost_usd : 0);
  const longest = maximum(nodes, (span) => span.duration_ms);
  const costliest = maximum(nodes, cost);
  const weight = new Map<Node, number>();
  for (const node of nodes) {
    const { span } = node;
    const urgent = span.status === "error" ? 1000 : span.status === "ok" ? 0 : 10;
    weight.set(node, urgent + Math.max((span.duration_ms ?? 0) / longest, (cost(span) ?? 0) / costliest));
  }
  // A path is worth what lies at its end.
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as Node;
    if (node.parent) weight.set(node.parent, Math.max(weight.get(node.parent) ?? 0, weight.get(node) ?? 0));
  }
  return weight;
}

/** Failing spans at and below each node. */
function failuresBelow(nodes: readonly Node[]): Map<Node, number> {
  const failures = new Map<Node, number>();
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as Node;
    const own = (failures.get(node) ?? 0) + (node.span.status === "error" ? 1 : 0);
    failures.set(node, own);
    if (node.parent) failures.set(node.parent, (failures.get(node.parent) ?? 0) + own);
  }
  return failures;
}

/** The nodes to show, each after its parent, best first. */
function choose(roots: readonly Node[], nodes: readonly Node[], budget: number, line: (node: Node) => string): Node[] {
  const weight = weigh(nodes);
  const place = new Map(nodes.map((node, i) => [node, i]));
  const worstFirst = (a: Node, b: Node) =>
    (weight.get(a) ?? 0) - (weight.get(b) ?? 0) || (place.get(b) ?? 0) - (place.get(a) ?? 0);
  const open = [...roots].sort(worstFirst);
  const chosen: Node[] = [];
  let used = 0;
  for (let node = open.pop(); node; node = open.pop()) {
    used += estimateTokens(line(node)) + 1 + (node.children.length > 0 ? foldTokens : 0);
    if (used > budget && chosen.length > 0) break;
    chosen.push(node);
    for (const child of node.children) open.push(child);
    if (node.children.length > 0) open.sort(worstFirst);
  }
  return chosen;
}

const indent = (depth: number) =>
  "  ".repeat(Math.min(depth, deepestIndent)) + (depth > deepestIndent ? `[depth ${depth}] ` : "");

/** `… +37 more (2.1 s)`: siblings, the sum of their durations, what failed among them; for long runs also what most of them are. */
function foldLine(run: readonly Node[], failed: (node: Node) => number, named: number): string {
  let ms = 0;
  let inside = 0;
  let failures = 0;
  const byName = new Map<string, number>();
  for (const node of run) {
    ms += node.span.duration_ms ?? 0;
    inside += node.descendants;
    failures += failed(node);
    byName.set(node.span.name, (byName.get(node.span.name) ?? 0) + 1);
  }
  const most = [...byName].sort((a, b) => b[1] - a[1]).slice(0, 2);
  const parts = [
    duration(ms),
    failures > 0 ? `${count(failures)} FAILED` : "",
    ...(run.length >= named ? most.map(([name, n]) => `${n} × ${nameText(name, 40)}`) : []),
    inside > 0 ? `${plural(inside, "span")} inside` : "",
  ];
  return `${indent(run[0]?.depth ?? 0)}… +${count(run.length)} more (${parts.filter(Boolean).join("; ")})`;
}

function draw(
  roots: readonly Node[],
  chosen: readonly Node[],
  line: (node: Node) => string,
  fold: (run: readonly Node[]) => string,
): string[] {
  const shown = new Set(chosen);
  const lines: string[] = [];
  // Siblings still to be drawn, innermost list last: nesting may be deeper than the call stack.
  const stack: { siblings: readonly Node[]; next: number }[] = [{ siblings: roots, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const run: Node[] = [];
    let node = top.siblings[top.next++];
    for (; node && !shown.has(node); node = top.siblings[top.next++]) run.push(node);
    if (run.length > 0) lines.push(fold(run));
    if (!node) {
      stack.pop();
      continue;
    }
    lines.push(indent(node.depth) + line(node));
    stack.push({ siblings: node.children, next: 0 });
  }
  return lines;
}

/** Siblings stand in start order. `shown` counts the spans that have a line of their own. */
export function renderTree(roots: readonly Node[], frame: LineFrame, budget: number): { text: string; shown: number } {
  const cache = new Map<Node, string>();
  const line = (node: Node) => {
    const known = cache.get(node) ?? spanLine(node.span, frame) + (node.orphan ? " (parent not recorded)" : "");
    cache.set(node, known);
    return known;
  };
  const nodes = [...walkTree(roots)];
  const failures = failuresBelow(nodes);
  const named = Math.max(namedRun, nodes.length / 10);
  const fold = (run: readonly Node[]) => foldLine(run, (node) => failures.get(node) ?? 0, named);
  const chosen = choose(roots, nodes, budget, line);
  for (;;) {
    const text = draw(roots, chosen, line, fold).join("\n");
    const excess = estimateTokens(text) - budget;
    if (excess <= 0 || chosen.length <= 1) return { text, shown: chosen.length };
    chosen.length -= Math.min(chosen.length - 1, Math.max(1, Math.floor(excess / 45)));
  }
}
