/** Which way a run took: its agents and tools in the order in which they began. Pure. */
import type { Derived } from "./derive.js";
import type { SpanKind } from "./kind.js";

export type PathStep = {
  name: string;
  kind: SpanKind;
  agent: string | null;
  tool: string | null;
  call: Derived["call"];
  start_us: number;
};

/** "agent writer", "tool search" …; the same one several times in a row is one. What began at once goes by name. */
export function runPath(steps: readonly PathStep[]): string[] {
  const stops: { start_us: number; stop: string }[] = [];
  for (const { name, kind, agent, tool, call, start_us } of steps) {
    if (kind === "agent") stops.push({ start_us, stop: `agent ${agent ?? name}` });
    else if (kind === "tool" && call === "tool") stops.push({ start_us, stop: `tool ${tool ?? name}` });
  }
  stops.sort((a, b) => a.start_us - b.start_us || (a.stop < b.stop ? -1 : a.stop > b.stop ? 1 : 0));
  const path: string[] = [];
  for (const { stop } of stops) if (path.at(-1) !== stop) path.push(stop);
  return path;
}
