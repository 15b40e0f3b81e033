/** `agensight check`: whether recorded runs keep to rules. */
import { readFileSync } from "node:fs";
import { jsonText } from "../../mcp/json-answer.js";
import { checkJson, checkText } from "../../mcp/render/check.js";
import { readRules } from "../../model/check/read-rules.js";
import type { CheckResult, CheckRules } from "../../model/check.js";
import { AgensightError } from "../../model/error.js";
import { TraceStatus } from "../../model/summary.js";
import { UsageError } from "../arguments.js";
import { defineCommand, filterOptions, storeOptions } from "../command.js";
import { readFilter } from "../export/filter.js";
import { requireStore } from "../open-for-change.js";
import { startProgress } from "../progress.js";
import { counted, formatCount } from "../quantity.js";
import { contentFor, readSettings } from "../settings.js";
import { watchShownStore } from "../shown-store.js";
import { print, say } from "../terminal.js";

const mostRuns = 1000;

const exitCodes = { passed: 0, failed: 1, passed_in_part: 3, nothing_checked: 1 } as const;

export const check = defineCommand({
  name: "check",
  summary: "check recorded runs against rules, for example in CI",
  operands: "RULES.json",
  description: `
Asks the rules of each run that matches, the newest 100 unless --limit says otherwise, and tells what failed with the
spans that show it. - reads the rules from stdin. A file of rules:

  {
    "$schema": "./node_modules/agensight/schemas/check-rules.json",
    "rules": [
      { "rule": "calls", "tool": "refund", "max": 1 },
      { "rule": "order", "tools": ["find_booking", "refund"] },
      { "rule": "no_errors", "allow_recovered": true },
      { "rule": "limit", "of": "cost_usd", "max": 0.05 },
      { "rule": "limit", "of": "duration_ms", "max": 5000, "allow_failing_percent": 5 },
      { "rule": "schema", "of": "arguments", "tool": "refund", "schema": { "required": ["booking"] } },
      { "rule": "uses_result", "tool": "find_booking", "field": "id", "in": { "tool": "refund" } },
      { "rule": "no_findings", "kinds": ["loop"] }
    ]
  }

"scope": "session" or "all" asks a rule of a session's runs, or of all of them, together; "allow_never": true lets a
rule pass when nothing it is about happened. Exit codes: 0 all rules passed, 1 one failed or no run matched, 2 wrong
usage or rules, 3 nothing failed, but of some rules it cannot be told (a run has not ended, a cost or a text is not
known), or they never applied.`,
  options: {
    ...storeOptions,
    ...filterOptions,
    agent: { type: "string", value: "NAME", help: "traces with this agent" },
    model: { type: "string", value: "NAME", help: "traces with this model" },
    status: { type: "string", value: "STATUS", help: `traces of this status: ${TraceStatus.options.join(", ")}` },
    limit: { type: "string", value: "N", help: `at most so many, the newest (default: 100; up to ${mostRuns})` },
    "allow-empty": { type: "boolean", help: "0 instead of 1 when no run matches" },
    json: { type: "boolean", help: "the result as JSON" },
  },
  examples: [
    ["agensight check rules.json --db ./traces.db", "what a test run recorded"],
    ["agensight check rules.json --since 24h --service my-app --json", "the last day of a service, for programs"],
  ],
  async run(values, operands) {
    const [file, ...more] = operands;
    if (file === undefined || more.length > 0) throw new UsageError("name one file of rules, or - for stdin", "check");
    const rules = readFileOfRules(file);
    const { trace_id, ...filter } = readFilter(values);
    const settings = await readSettings(values);
    requireStore(settings);
    const progress = startProgress();
    const store = watchShownStore(settings, contentFor(settings, "this machine"));
    let result: CheckResult;
    try {
      const reader = await store.reader();
      if (reader === null) throw new AgensightError("not_found", `There is nothing in ${settings.db} yet.`);
      result = await reader.checkTraces({
        ...filter,
        ...(trace_id !== undefined && { trace_id }),
        ...(values.agent !== undefined && { agent: values.agent }),
        ...(values.model !== undefined && { model: values.model }),
        ...(values.status !== undefined && { status: readStatus(values.status) }),
        limit: readLimit(values.limit ?? "100"),
        rules,
        progress: (done, all) => progress.text(`${formatCount(done)} of ${counted(all, "run")}`),
      });
    } finally {
      progress.end();
      store.close();
    }
    tell(result, values.json === true);
    return result.verdict === "nothing_checked" && values["allow-empty"] ? 0 : exitCodes[result.verdict];
  },
});

/** Errors: bad_argument of what cannot be read or is no rule. */
function readFileOfRules(file: string): CheckRules {
  const name = file === "-" ? "stdin" : file;
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new AgensightError("bad_argument", `${name} cannot be read: ${(error as Error).message}`);
  }
  let given: unknown;
  try {
    given = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new AgensightError("bad_argument", `${name} is no JSON: ${(error as Error).message}`);
  }
  return readRules(given);
}

function readStatus(text: string): TraceStatus {
  const status = TraceStatus.safeParse(text);
  if (status.success) return status.data;
  throw new AgensightError("bad_argument", `there is no status "${text}"`, {
    hint: `--status is one of ${TraceStatus.options.join(", ")}.`,
  });
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit > 0 && limit <= mostRuns) return limit;
  throw new AgensightError("bad_argument", `--limit "${text}" is no number from 1 to ${mostRuns}`);
}

function tell(result: CheckResult, json: boolean): void {
  const { coverage } = result;
  if (json) print(jsonText(checkJson(result)));
  else print(checkText(result, Number.POSITIVE_INFINITY).text);
  for (const note of coverage.notes) say(`note: ${note}`);
  if (coverage.matched > coverage.returned || coverage.matched_is_minimum)
    say(
      `checked the newest ${formatCount(coverage.returned)} of ${formatCount(coverage.matched)}${coverage.matched_is_minimum ? "+" : ""} runs: --limit takes more`,
    );
}
