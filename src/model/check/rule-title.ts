/** What a rule is called: as its author named it, else what it says in a few words. */
import type { CheckRule } from "../check.js";

export function ruleTitle(rule: CheckRule): string {
  return rule.name ?? inWords(rule);
}

function inWords(rule: CheckRule): string {
  switch (rule.rule) {
    case "calls":
      return `calls ${subject(rule)}${rule.arguments === undefined ? "" : " with such arguments"}${rule.same_arguments ? " with the same arguments" : ""}: ${bounds(rule)}`;
    case "order":
      return `order ${rule.tools.join(" → ")}${rule.strict ? ", nothing between" : ""}`;
    case "no_errors":
      return rule.allow_recovered ? "no_errors but recovered ones" : "no_errors";
    case "limit": {
      const of = subject(rule);
      return `limit ${rule.of}${of === "" ? "" : ` of each ${of}`} ≤ ${rule.max}`;
    }
    case "schema":
      return rule.of === "answer" ? "schema of the answer" : `schema of ${rule.of} of ${subject(rule)}`;
    case "uses_result": {
      const where = typeof rule.in === "string" ? (rule.in === "answer" ? "the answer" : "a model call") : rule.in.tool;
      return `uses_result ${rule.tool}${rule.field === undefined ? "" : `.${rule.field}`} in ${where}`;
    }
    case "no_findings":
      return `no_findings ${rule.kinds?.join(", ") ?? "of any kind"}`;
  }
}

function subject(of: { tool?: string | undefined; model?: string | undefined; agent?: string | undefined }): string {
  const by = of.agent === undefined ? "" : of.agent;
  if (of.tool !== undefined) return by === "" ? of.tool : `${of.tool} by ${by}`;
  if (of.model !== undefined) return `${of.model === "*" ? "model call" : of.model}${by === "" ? "" : ` by ${by}`}`;
  return by;
}

function bounds({ min, max }: { min?: number | undefined; max?: number | undefined }): string {
  if (min !== undefined && max !== undefined) return min === max ? `exactly ${min}` : `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "any number" : max === 0 ? "never" : `at most ${max}`;
}
