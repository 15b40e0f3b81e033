/** A graph of agents as a Mermaid flowchart. Recorded names stand in quotes, with all that could end or style them as entities. */
import type { AgentGraph, EdgeKind } from "../../model/agent-graph.js";
import { count } from "../../model/format.js";
import { programName } from "./agent-graph.js";
import { inline } from "./fence.js";

/**
 * What becomes an entity code: all but letters, digits and plain punctuation, and what begins a Markdown list. Not the colon:
 * Mermaid takes `style…:…#…;` for a statement wherever it stands. https://mermaid.js.org/syntax/flowchart.html
 */
const unsafe = /[^\p{L}\p{N} _.,/()+-]|^[+-]|(?<=^\d{1,9})[.)]/gu;

function label(text: string): string {
  const safe = inline(text, 40).replace(unsafe, (character) => `#${character.codePointAt(0)};`);
  return safe === "" ? "#32;" : safe;
}

const arrows: Record<EdgeKind, [line: string, word: string]> = {
  call: ["-->", "call"],
  handoff: ["==>", "hand-off"],
  sequence: ["-.->", "then"],
  start: ["-->", "start"],
};

const weight = (runs: number, errors: number) => `${count(runs)}x${errors > 0 ? `, ${count(errors)} failed` : ""}`;

/** At most `most` agents, as many edges twice over, and as many tools and models; the best of each. Returns how many were drawn. */
export function mermaidGraph(graph: AgentGraph, most: number) {
  const lines = ["flowchart LR"];
  const ids = new Map<string, string>();
  const node = (
    name: string | null,
    key: string,
    [open, close]: [string, string],
    prefix: string,
    more = "",
  ): string => {
    let id = ids.get(key);
    if (id === undefined) {
      id = `${prefix}${ids.size}`;
      ids.set(key, id);
      lines.push(`  ${id}${open}"${label(name ?? "(unknown)")}${more}"${close}`);
    }
    return id;
  };
  const agentNode = (name: string | null, more = "") =>
    node(name ?? programName, `agent ${JSON.stringify(name)}`, name === null ? ["([", "])"] : ["[", "]"], "a", more);
  const agents = graph.agents.slice(0, most);
  for (const { agent, runs, failed_runs } of agents)
    agentNode(agent, runs > 0 ? `<br/>${weight(runs, failed_runs)}` : "");
  const isDrawn = (name: string | null) =>
    name === null || agents.length === graph.agents.length || ids.has(`agent ${JSON.stringify(name)}`);
  const edges = graph.edges.filter(({ from, to }) => isDrawn(from) && isDrawn(to)).slice(0, most * 2);
  for (const { from, to, kind, via, runs, errors } of edges) {
    const [arrow, word] = arrows[kind];
    const through = via === null ? "" : ` by ${label(via)}`;
    lines.push(`  ${agentNode(from)} ${arrow}|"${word}${through} ${weight(runs, errors)}"| ${agentNode(to)}`);
  }
  const used = agents
    .flatMap(({ agent, tools, models }) => [
      ...tools.map(({ tool, calls, errors }) => ({ agent, name: tool, calls, errors, sort: "tool" as const })),
      ...models.map(({ model, calls, errors }) => ({ agent, name: model, calls, errors, sort: "model" as const })),
    ])
    .sort((a, b) => b.calls - a.calls)
    .slice(0, most);
  for (const { agent, name, calls, errors, sort } of used) {
    const id = node(
      name,
      `${sort} ${JSON.stringify(name)}`,
      sort === "tool" ? ["[[", "]]"] : ["{{", "}}"],
      sort[0] ?? "n",
    );
    lines.push(`  ${agentNode(agent)} -.-|"${weight(calls, errors)}"| ${id}`);
  }
  return { text: lines.join("\n"), agents: agents.length, edges: edges.length, uses: used.length };
}
