/** check_trace: whether runs keep to rules. */
import * as z from "zod";
import { readRules } from "../../model/check/read-rules.js";
import { CheckAnswer, type CheckResult } from "../../model/check.js";
import { AgensightError } from "../../model/error.js";
import { count } from "../../model/format.js";
import { estimateTokens } from "../../model/tokens.js";
import { answerForm, budgetOf, filters, toFilter, traceId } from "../arguments.js";
import { emptyNote } from "../empty-note.js";
import { jsonText } from "../json-answer.js";
import { checkJson, checkText } from "../render/check.js";
import { callText, coverageLine } from "../render/coverage.js";
import { defineTool } from "../tool.js";

const { status: _, ...matching } = filters;

export const checkTrace = defineTool({
  name: "check_trace",
  title: "Check runs",
  description:
    'Pass/fail with evidence. Rules: calls {tool|model|agent,min,max,same_arguments}; order {tools}; no_errors; limit {of:duration_ms|total_tokens|cost_usd,max,tool}; schema {of:arguments|result|answer,tool,schema}; uses_result {tool,field,in:"answer"|"model"|{tool}}; no_findings {kinds}; scope:trace|session. E.g. {"rule":"calls","tool":"refund","max":1}',
  effect: "read",
  arguments: z.strictObject({
    rules: z.array(z.any().meta({ type: "object" })),
    trace_id: traceId.optional(),
    ...matching,
    limit: z.int().min(1).max(1000).default(100),
    ...answerForm,
  }),
  answer: CheckAnswer,
  run: async ({ rules, trace_id, limit, max_tokens, format, ...args }, context) => {
    const budget = budgetOf({ max_tokens, format });
    const filter = toFilter(args, context.now);
    const [narrowed] = Object.keys(filter);
    if (trace_id !== undefined && narrowed !== undefined)
      throw new AgensightError("bad_argument", `trace_id names one run, ${narrowed} asks for those that match.`, {
        hint: "Give one of them.",
      });
    const result = await context.reader.checkTraces({
      ...filter,
      ...(trace_id !== undefined && { trace_id }),
      limit,
      rules: readRules(rules),
      progress: (done, all) => {
        if (done % 50 === 0) context.progress(`checked ${count(done)} of ${count(all)} runs`);
      },
    });
    const { coverage } = result;
    if (coverage.returned === 0) coverage.notes.push(await emptyNote("run", context));
    if (format === "json") return jsonResult(result, budget);

    const notes = coverage.notes.reduce((sum, note) => sum + estimateTokens(note) + 5, 0);
    const asked = { ...context.given, rules: "(as before)" };
    const { text, complete } = checkText(result, budget - notes - 120 - estimateTokens(JSON.stringify(asked)));
    const left = coverage.matched > coverage.returned || coverage.matched_is_minimum;
    const next = left && limit < 1000 ? { ...asked, limit: 1000 } : complete ? null : { ...asked, max_tokens: 10_000 };
    return `${text}\n${coverageLine({
      coverage,
      noun: "run",
      cut: left ? `the newest ${count(coverage.returned)}, limit ${limit}` : null,
      next: next && budget < 10_000 ? callText("check_trace", next) : null,
    })}`;
  },
});

/** With less room, fewer outcomes of each rule. */
function jsonResult(result: CheckResult, budget: number): string {
  let text = "";
  for (const most of [20, 10, 5, 2, 1, 0]) {
    text = jsonText(checkJson(result, most));
    if (estimateTokens(text) <= budget) break;
  }
  return text;
}
