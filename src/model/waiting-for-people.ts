/** Whether a step's name says that a person was asked. Pure. */
import type { Step } from "./run.js";

const words = new Set(
  "human approval approve approver confirm confirmation feedback hitl review reviewer interrupt".split(" "),
);
const pairs = new Set(["ask user", "user input", "wait user", "input user", "user reply", "ask question"]);

export function asksPerson(step: Step): boolean {
  return [step.tool, step.name].some((name) => name !== null && namesPerson(name));
}

function namesPerson(name: string): boolean {
  const parts = name
    .slice(0, 200)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "for" && word !== "");
  return parts.some((word, i) => words.has(word) || pairs.has(`${word} ${parts[i + 1] ?? ""}`));
}
