/** Asks all rules of runs as they come, and sums up what came of it. Pure. */
import type { CheckedRule, CheckOutcome, CheckResult, CheckRule, CheckRules, CheckStatus } from "../check.js";
import type { Finding } from "../diagnosis.js";
import type { Run } from "../run.js";
import type { Coverage } from "../summary.js";
import { checkCalls } from "./calls-rule.js";
import { checkErrors } from "./errors-rule.js";
import { checkFindings } from "./findings-rule.js";
import { type CompileSchema, openSchemas } from "./json-schema.js";
import { checkLimit } from "./limit-rule.js";
import { checkOrder } from "./order-rule.js";
import { ruleTitle } from "./rule-title.js";
import { callsOf, type RunCalls } from "./run-calls.js";
import { checkSchema } from "./schema-rule.js";
import type { Outcome, Subject } from "./subject.js";
import { checkUse } from "./uses-result-rule.js";

/** Outcomes that one rule tells; the others are counted. */
const mostOutcomes = 20;
/** Spans that are looked at together, of a session or of all. */
const mostTogether = 100_000;

/** `count`: of rules with a share that may fail. */
type Tally = { rule: CheckRule; counts: Record<CheckStatus, number>; told: CheckOutcome[] };
type Ask = (subject: Subject) => Outcome;
type Traces = { ids: string[]; session_id: string | null };

/** Errors: bad_argument of a schema that cannot be used. */
export function openCheck({ rules }: CheckRules, compile: CompileSchema) {
  const schemas = openSchemas(compile);
  const asks = rules.map((rule) => askOf(rule, schemas));
  const tallies = rules.map((rule): Tally => ({ rule, counts: noCounts(), told: [] }));
  const failed = new Set<string>();
  const running: string[] = [];
  const sessions = new Map<string, Gathered>();
  const all = gather();
  const isAsked = (scope: CheckRule["scope"]) => rules.some((rule) => rule.scope === scope);

  const ask = (scope: CheckRule["scope"], subject: Subject, { ids, session_id }: Traces) => {
    for (const [index, { rule, counts, told }] of tallies.entries()) {
      if (rule.scope !== scope) continue;
      const { status, details, more } = (asks[index] as Ask)(subject);
      counts[status]++;
      if (status !== "failed" && status !== "cannot_tell") continue;
      if (status === "failed") for (const id of ids) failed.add(id);
      told.push({ trace_id: scope === "trace" ? (ids[0] ?? null) : null, session_id, status, details, more });
    }
  };

  return {
    /** In time order, oldest first. */
    add(run: Run, findings: () => Finding[]): void {
      const { trace } = run;
      if (trace.status === "running") running.push(trace.trace_id);
      const calls = callsOf(run, findings);
      ask("trace", { runs: [calls], left_out: 0 }, { ids: [trace.trace_id], session_id: trace.session_id });
      if (isAsked("session") && trace.session_id !== null) {
        const session = sessions.get(trace.session_id) ?? gather();
        sessions.set(trace.session_id, session);
        session.add(calls);
      }
      if (isAsked("all")) all.add(calls);
    },
    result(coverage: Coverage): CheckResult {
      for (const [session_id, { subject, ids }] of sessions) ask("session", subject, { ids, session_id });
      if (all.ids.length > 0) ask("all", all.subject, { ids: all.ids, session_id: null });
      const checked = tallies.map(summedUp);
      return {
        verdict: verdictOf(checked, coverage.returned),
        rules: checked,
        running,
        failed_traces: failed.size,
        coverage,
      };
    },
  };
}

function askOf(rule: CheckRule, schemas: ReturnType<typeof openSchemas>): Ask {
  switch (rule.rule) {
    case "calls": {
      const matches = rule.arguments === undefined ? null : schemas(rule, rule.arguments);
      return (subject) => checkCalls(rule, subject, matches);
    }
    case "order":
      return (subject) => checkOrder(rule, subject);
    case "no_errors":
      return (subject) => checkErrors(rule, subject);
    case "limit":
      return (subject) => checkLimit(rule, subject);
    case "schema": {
      const check = schemas(rule, rule.schema);
      return (subject) => checkSchema(rule, subject, check);
    }
    case "uses_result":
      return (subject) => checkUse(rule, subject);
    case "no_findings":
      return (subject) => checkFindings(rule, subject);
  }
}

type Gathered = { subject: Subject; ids: string[]; add(calls: RunCalls): void };

function gather(): Gathered {
  const subject: Subject = { runs: [], left_out: 0 };
  const ids: string[] = [];
  let spans = 0;
  return {
    subject,
    ids,
    add(calls) {
      ids.push(calls.run.trace.trace_id);
      spans += calls.run.steps.length;
      if (spans <= mostTogether || subject.runs.length === 0) subject.runs.push(calls);
      else subject.left_out++;
    },
  };
}

const noCounts = (): Tally["counts"] => ({ passed: 0, failed: 0, cannot_tell: 0, never_applied: 0 });

function summedUp({ rule, counts, told }: Tally): CheckedRule {
  const status = statusOf(rule, counts);
  const order = { failed: 0, cannot_tell: 1 };
  told.sort((a, b) => order[a.status] - order[b.status]);
  return {
    name: ruleTitle(rule),
    rule: rule.rule,
    scope: rule.scope,
    status,
    counts,
    outcomes: told.slice(0, mostOutcomes),
    more: Math.max(0, told.length - mostOutcomes),
  };
}

/** A share that may fail is judged on the safe side: what cannot be told may have failed, or passed. */
function statusOf(rule: CheckRule, { passed, failed, cannot_tell }: Tally["counts"]): CheckStatus {
  const applied = passed + failed + cannot_tell;
  if (applied === 0) return rule.allow_never ? "passed" : "never_applied";
  const allowed = (applied * rule.allow_failing_percent) / 100;
  if (failed > allowed) return "failed";
  return failed + cannot_tell > allowed ? "cannot_tell" : "passed";
}

function verdictOf(rules: readonly CheckedRule[], traces: number): CheckResult["verdict"] {
  if (traces === 0) return "nothing_checked";
  if (rules.some(({ status }) => status === "failed")) return "failed";
  return rules.every(({ status }) => status === "passed") ? "passed" : "passed_in_part";
}
