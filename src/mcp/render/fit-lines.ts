/** How much of a text fits what is left of a budget. */
import { estimateTokens } from "../../model/tokens.js";

/** The lines (or blocks of lines), from the first, that fit. */
export function fitLines(lines: readonly string[], budget: number): string[] {
  let room = budget;
  const end = lines.findIndex((line) => {
    room -= estimateTokens(line) + 1;
    return room < 0;
  });
  return end < 0 ? [...lines] : lines.slice(0, end);
}
