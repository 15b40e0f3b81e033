/** What a drawn graph may consist of: a part of Mermaid's flowchart grammar that Mermaid's own parser was seen to accept. */

/** Letters, digits, plain punctuation and entities: nothing that could end a quoted label, style it or begin another statement. */
const label = String.raw`"(?:[\p{L}\p{N} _.,/()+-]|#\d{1,7};|<br/>)+"`;
const statement = [
  String.raw`[amt]\d+(?:\[${label}\]|\(\[${label}\]\)|\[\[${label}\]\]|\{\{${label}\}\})`,
  String.raw`a\d+ (?:-->|==>|-\.->)\|${label}\| a\d+`,
  String.raw`a\d+ -\.-\|${label}\| [mt]\d+`,
].join("|");
const line = new RegExp(`^  (?:${statement})$`, "u");

/** The lines that break it, nodes that are used before they are made, or what else is wrong. */
export function mermaidFaults(answer: string): string[] {
  const block = /^```mermaid\n([\s\S]*?)\n```$/m.exec(answer)?.[1];
  if (block === undefined) return ["no diagram"];
  const [head, ...lines] = block.split("\n");
  const known = new Set<string>();
  const faults = lines.filter((each) => {
    if (!line.test(each)) return true;
    const ids = [...each.replace(/"[^"]*"/g, "").matchAll(/[amt]\d+/g)].map(([found]) => found);
    const isNode = ids.length === 1;
    if (isNode) known.add(ids[0] as string);
    return ids.some((found) => !known.has(found));
  });
  return head === "flowchart LR" ? faults : ["no flowchart", ...faults];
}
