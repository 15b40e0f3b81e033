/** Reads rules that somebody wrote, and says of bad ones which it is and what would be right. */
import type * as z from "zod";
import { type CheckRule, CheckRules, checkRuleNames } from "../check.js";
import { AgensightError } from "../error.js";
import { ruleTitle } from "./rule-title.js";

/** The rules as short as they can be said. */
const rulesInShort = `calls {tool|model|agent, min, max, same_arguments, arguments: JSON Schema}; order {tools: [...], strict}; no_errors {allow_recovered, allow_types, allow_tools}; limit {of: duration_ms|input_tokens|output_tokens|total_tokens|cost_usd, max, tool|model|agent for each call}; schema {of: arguments|result|answer, tool|agent, schema: JSON Schema}; uses_result {tool, field, in: "answer"|"model"|{"tool": name}}; no_findings {kinds, severity}. All: name, description, scope: trace|session|all, allow_failing_percent, allow_never`;

/** What people write who have not read the description. */
const otherNames: Record<string, string> = {
  must_call: 'use "calls" with min 1',
  must_not_call: 'use "calls" with max 0',
  forbidden: 'use "calls" with max 0',
  required: 'use "calls" with min 1',
  max_calls: 'use "calls" with max',
  min_calls: 'use "calls" with min',
  sequence: 'use "order" with tools',
  before: 'use "order" with tools',
  no_error: 'use "no_errors"',
  no_loops: 'use "no_findings" with kinds ["loop"]',
  max_cost: 'use "limit" of cost_usd',
  max_duration: 'use "limit" of duration_ms',
  max_tokens: 'use "limit" of total_tokens',
  json_schema: 'use "schema"',
  result_used: 'use "uses_result"',
};

/** The longest text of rules, as JSON characters. */
const mostText = 200_000;

/** `given`: the rules, or a file's object with them. Errors: bad_argument. */
export function readRules(given: unknown): CheckRules {
  const file = Array.isArray(given) ? { rules: given } : given;
  if (JSON.stringify(file)?.length > mostText) throw bad([`the rules are longer than ${mostText} characters`]);
  const parsed = CheckRules.safeParse(file);
  const problems = parsed.success
    ? parsed.data.rules.flatMap(inconsistencies)
    : parsed.error.issues.map((issue) => explain(issue, file));
  if (problems.length > 0) throw bad(problems);
  return parsed.data as CheckRules;
}

function bad(problems: string[]): AgensightError {
  const shown = problems.slice(0, 5);
  const more = problems.length > shown.length ? ` (+${problems.length - shown.length} more)` : "";
  return new AgensightError("bad_argument", `${shown.join(". ")}.${more}`, { hint: `Rules: ${rulesInShort}.` });
}

/** What a schema cannot say of one rule. */
function inconsistencies(rule: CheckRule, index: number): string[] {
  const at = `rule ${index + 1} (${ruleTitle(rule)})`;
  switch (rule.rule) {
    case "calls": {
      const problems: string[] = [];
      if (rule.tool === undefined && rule.model === undefined && rule.agent === undefined)
        problems.push(`${at}: say of what: tool, model or agent; "*" is any`);
      if (rule.tool !== undefined && rule.model !== undefined)
        problems.push(`${at}: say either tool or model, not both`);
      if (rule.min === undefined && rule.max === undefined) problems.push(`${at}: say min, max or both`);
      if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max)
        problems.push(`${at}: min is more than max`);
      if (rule.tool === undefined && (rule.arguments !== undefined || rule.same_arguments))
        problems.push(`${at}: arguments are a tool's: say which tool`);
      if (rule.same_arguments && (rule.max === undefined || rule.min !== undefined))
        problems.push(`${at}: same_arguments goes with max alone`);
      return problems;
    }
    case "limit":
      return [rule.tool, rule.model, rule.agent].filter((name) => name !== undefined).length > 1
        ? [`${at}: say one of tool, model, agent, or none for the whole run`]
        : [];
    case "schema": {
      const of = [rule.tool, rule.agent].filter((name) => name !== undefined).length;
      if (rule.of === "answer") return of > 0 ? [`${at}: the answer is the run's: leave out tool and agent`] : [];
      if (of !== 1) return [`${at}: say of which tool${rule.of === "result" ? " or agent" : ""}`];
      return rule.of === "arguments" && rule.agent !== undefined
        ? [`${at}: arguments are a tool's: say which tool`]
        : [];
    }
    default:
      return [];
  }
}

function explain(issue: z.core.$ZodIssue, file: unknown): string {
  const [first, index, ...rest] = issue.path;
  const given = (file as { rules?: unknown[] } | null)?.rules?.[index as number] as
    | { rule?: unknown; name?: unknown }
    | undefined;
  const inRule = first === "rules" && typeof index === "number";
  const called = [given?.rule, given?.name].filter((text) => typeof text === "string" && text !== "") as string[];
  const where = inRule
    ? `rule ${index + 1}${called.length > 0 ? ` (${called.join(", ").slice(0, 80)})` : ""}`
    : "rules";
  const path = (inRule ? rest : issue.path).map(String).join(".").slice(0, 80);
  if (issue.code === "unrecognized_keys")
    return `${where}: unknown ${issue.keys
      .slice(0, 3)
      .map((key) => `"${key.slice(0, 40)}"`)
      .join(", ")}`;
  if (issue.code === "invalid_union" && inRule && path === "rule") {
    const name = typeof given?.rule === "string" ? given.rule : "";
    const advice = Object.hasOwn(otherNames, name) ? otherNames[name] : `it is one of ${checkRuleNames.join(", ")}`;
    return `${where}: ${name === "" ? "`rule` is missing" : "there is no such rule"}: ${advice}`;
  }
  const message = issue.code === "invalid_union" ? unionMessage(path) : lowered(issue.message);
  return `${where}: ${path === "" ? message : `${path}: ${message}`}`;
}

function unionMessage(path: string): string {
  return path === "in" ? 'is "answer", "model" or {"tool": name}' : "is a JSON Schema: an object, true or false";
}

const lowered = (text: string) => text.slice(0, 1).toLowerCase() + text.slice(1, 200);
