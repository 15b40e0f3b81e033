/** Answers that list things page by page: as many whole items as the budget holds, then the call that continues. */
import type { Coverage } from "../model/summary.js";
import { estimateTokens } from "../model/tokens.js";
import type { Page } from "../store/reader.js";
import { budgetOf } from "./arguments.js";
import { jsonFit, jsonText, shortened } from "./json-answer.js";
import { callText, coverageLine } from "./render/coverage.js";
import type { ToolContext } from "./tool.js";

type PageArguments = {
  limit: number;
  cursor?: string | undefined;
  max_tokens?: number | undefined;
  format: "text" | "json";
};

export type PageOptions<T> = {
  tool: string;
  args: PageArguments;
  context: ToolContext;
  /** what one item is called, singular */
  noun: string;
  /** the array's key in the JSON answer */
  key: string;
  fetch(page: Page): Promise<{ items: T[]; coverage: Coverage }>;
  line(item: T): string;
  /** model calls without a price among what is shown */
  unpriced?(items: readonly T[]): number;
  /** text above and below the items, from what the last fetch told; counts against the budget */
  head?(): string;
  foot?(): string;
  /** `head` says something even when nothing follows */
  keepHead?: boolean;
  /** the lines as one text; plain lines where absent */
  wrap?(lines: string): string;
  /** what the JSON answer holds beside the items and their coverage */
  extra?(budget: number): Record<string, unknown>;
  /** an item of the JSON answer, where it is not the item itself */
  json?(item: T): unknown;
  /** what to say when nothing matched */
  empty(): Promise<string>;
};

/** Room for the coverage line and the next call, which repeats the arguments. */
const tailTokens = (given: Record<string, unknown>) => 70 + estimateTokens(JSON.stringify(given));

function fitting<T>(options: PageOptions<T>, items: T[], budget: number): number {
  if (options.args.format === "json")
    return jsonFit(
      items.map((item) => options.json?.(item) ?? item),
      budget,
    );
  let used = 0;
  for (const [i, item] of items.entries()) {
    used += estimateTokens(options.line(item)) + 1;
    if (used > budget) return i;
  }
  return items.length;
}

/** Errors: those of `fetch`. */
export async function answerPage<T>(options: PageOptions<T>): Promise<string> {
  const { args, context, tool } = options;
  const json = args.format === "json";
  const budget = budgetOf(args);
  const pageOf = (limit: number): Page => (args.cursor === undefined ? { limit } : { limit, cursor: args.cursor });
  let { items, coverage } = await options.fetch(pageOf(args.limit));
  const asked = items.length;
  const room = () => {
    const frame = json
      ? jsonText(options.extra?.(budget) ?? {})
      : `${options.head?.() ?? ""}\n${options.wrap?.("") ?? ""}\n${options.foot?.() ?? ""}`;
    const notes = coverage.notes.reduce((sum, note) => sum + estimateTokens(note) + 5, 0);
    return budget - tailTokens(context.given) - estimateTokens(frame) - notes;
  };
  // The cursor after fewer items comes from asking for fewer; the store may have changed since, so the fit is checked again.
  for (let fit = fitting(options, items, room()); fit < items.length; fit = fitting(options, items, room())) {
    if (items.length === 1) {
      items = [shortened(items[0] as T, room())];
      coverage.notes.push("an item too large for max_tokens was shortened");
      break;
    }
    ({ items, coverage } = await options.fetch(pageOf(Math.max(1, fit))));
  }
  if (items.length === 0) coverage.notes.push(await options.empty());
  if (json) {
    return jsonText({
      ...options.extra?.(budget),
      [options.key]: items.map((item) => options.json?.(item) ?? item),
      coverage,
    });
  }
  const next =
    coverage.next_cursor === null ? null : callText(tool, { ...context.given, cursor: coverage.next_cursor });
  const unpriced = options.unpriced?.(items) ?? 0;
  const cut = items.length < asked ? `cut by max_tokens ${budget}` : next ? `limit ${args.limit}` : null;
  const lines = items.map(options.line).join("\n");
  const body = lines === "" ? "" : (options.wrap?.(lines) ?? lines);
  const tail = coverageLine({ coverage, noun: options.noun, cut, unpriced, next });
  if (items.length === 0 && args.cursor === undefined)
    return [options.keepHead && options.head?.(), tail].filter(Boolean).join("\n");
  return [options.head?.(), body, options.foot?.(), tail].filter(Boolean).join("\n");
}
