// autotel-mcp's best path for each question, beside what is asked of all.
import { madePaths } from "./made.mjs";
import { recordedPaths } from "./recorded.mjs";

const paths = { ...recordedPaths, ...madePaths };

/**
 * `{calls, reads, cannot}` for a question: `reads` says what in a listing of spans tells a reader the same as the
 * expected text of that number (null: nothing is needed), `cannot` why no call of it answers.
 */
export function autotelPath({ id, calls, has }) {
  const given = Object.assign({}, ...calls.agensight.map(([, args]) => (typeof args === "function" ? {} : args)));
  return paths[id]?.(given, has) ?? { calls: [] };
}
