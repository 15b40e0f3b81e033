/** Two runs, compared. */
import type { RunComparison } from "../../model/comparison.js";
import type { ToolContext } from "../tool.js";

export function runJson(_found: RunComparison, _budget: number): string {
  return "";
}

export function runText(_found: RunComparison, _budget: number, _context: ToolContext): string {
  return "";
}
