/** Assertions on runs: the language of the rules, and what came of them. */
import * as z from "zod";
import { findingKinds, severities } from "./diagnosis.js";
import type { Phrase } from "./phrase.js";
import { Coverage } from "./summary.js";

const Name = z.string().min(1).max(200);
const tool = Name.describe("a tool's name; * stands for any characters");
const agent = Name.describe("an agent's name; * stands for any characters");
const model = Name.describe('a model\'s name, "gpt-4*", or "*" for every call of a language model');
const names = (what: string) => z.array(Name).min(1).max(50).describe(what);
const Schema = z.union([z.boolean(), z.record(z.string(), z.unknown())]);

export const checkRuleNames = ["calls", "order", "no_errors", "limit", "schema", "uses_result", "no_findings"] as const;

const limitFigures = ["duration_ms", "input_tokens", "output_tokens", "total_tokens", "cost_usd"] as const;

/** What every rule may say. */
const common = {
  name: z.string().min(1).max(200).optional().describe("what answers call the rule"),
  description: z.string().max(2000).optional().describe("why there is such a rule; for readers"),
  scope: z
    .enum(["trace", "session", "all"])
    .default("trace")
    .describe(
      "what the rule is asked of: each trace, the traces of each session in time order, or all of them together",
    ),
  allow_failing_percent: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe("the rule holds as long as no more of what it applies to fail it; 5 makes a limit a p95"),
  allow_never: z.boolean().default(false).describe("whether the rule holds when nothing it is about happened at all"),
};

const rule = <N extends (typeof checkRuleNames)[number], S extends z.ZodRawShape>(name: N, about: string, shape: S) =>
  z.strictObject({ rule: z.literal(name), ...shape, ...common }).describe(about);

const CheckRule = z.discriminatedUnion("rule", [
  rule("calls", "How often something is called. Must call: min 1. Must not call: max 0.", {
    tool: tool.optional(),
    model: model.optional(),
    agent: agent.describe("an agent; with tool or model: calls that this agent makes").optional(),
    arguments: Schema.optional().describe("JSON Schema: counts only the calls of a tool whose arguments match it"),
    same_arguments: z
      .boolean()
      .default(false)
      .describe("max is for calls of one tool with the same arguments, each set of arguments by itself"),
    min: z.int().min(0).optional(),
    max: z.int().min(0).optional(),
  }),
  rule("order", "A tool is called only after the tools before it in the list were called and had ended.", {
    tools: names("in the order in which they must first be called").min(2),
    strict: z
      .boolean()
      .default(false)
      .describe("no other call of a tool from the first one's first call to the last one's"),
  }),
  rule("no_errors", "Nothing failed.", {
    allow_recovered: z
      .boolean()
      .default(false)
      .describe(
        "failures are none that a later call made up for, that what called answered in spite of, or that the answer admits",
      ),
    allow_types: names("types of errors that are none; * stands for any characters").optional(),
    allow_tools: names("tools whose failures are none").optional(),
  }),
  rule("limit", "A figure of the run, or with tool, model or agent of each such call, is at most max.", {
    of: z.enum(limitFigures),
    max: z.number().min(0).describe("ms, tokens or US dollars"),
    tool: tool.optional(),
    model: model.optional(),
    agent: agent.optional(),
  }),
  rule("schema", "What was passed or answered is valid against a JSON Schema (2020-12, local $ref only).", {
    of: z
      .enum(["arguments", "result", "answer"])
      .describe("a tool's arguments, a tool's or an agent's result, or the model's final answer"),
    tool: tool.optional(),
    agent: agent.optional(),
    schema: Schema.describe("text that is no JSON is a string"),
  }),
  rule("uses_result", "What a tool returned is found again, as a whole word or value, in what came later.", {
    tool: tool,
    field: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("path in the tool's JSON result, such as booking.id or items.*.id; absent: the whole result"),
    in: z
      .union([z.literal("answer"), z.literal("model"), z.strictObject({ tool: tool })])
      .describe(
        "answer: the run's final one; model: the input of a later model call, for each result; {tool}: the arguments of each of its calls",
      ),
  }),
  rule("no_findings", "diagnose_trace finds nothing of these kinds.", {
    kinds: z.array(z.enum(findingKinds)).min(1).optional().describe("absent: of no kind"),
    severity: z.enum(severities).default("warning").describe("the least severity that counts"),
  }),
]);
export type CheckRule = z.infer<typeof CheckRule>;
export type RuleOf<N extends CheckRule["rule"]> = Extract<CheckRule, { rule: N }>;

/** The file of rules. */
export const CheckRules = z.strictObject({
  $schema: z.string().optional(),
  description: z.string().max(2000).optional(),
  rules: z.array(CheckRule).min(1).max(100),
});
export type CheckRules = z.infer<typeof CheckRules>;

const CheckStatus = z.enum(["passed", "failed", "cannot_tell", "never_applied"]);
export type CheckStatus = z.infer<typeof CheckStatus>;

const Detail = z.object({
  summary: z.string(),
  /** span ids, the most telling first */
  evidence: z.array(z.string()),
});
const Outcome = z.object({
  /** null: of several traces */
  trace_id: z.string().nullable(),
  session_id: z.string().nullable(),
  status: z.enum(["failed", "cannot_tell"]),
  details: z.array(Detail),
  /** details that are not in `details` */
  more: z.number(),
});
const CheckedRule = z.object({
  name: z.string(),
  rule: z.string(),
  scope: z.string(),
  status: CheckStatus,
  /** how many traces, sessions, or the one whole came to what */
  counts: z.record(CheckStatus, z.number()),
  /** failures first; not of rules that passed, unless some were allowed to fail */
  outcomes: z.array(Outcome),
  /** outcomes that are not in `outcomes` */
  more: z.number(),
});

const checkVerdicts = ["passed", "failed", "passed_in_part", "nothing_checked"] as const;

/** The JSON answer. `passed_in_part`: nothing failed, but of some rules it cannot be told, or they never applied. */
export const CheckAnswer = z.object({
  verdict: z.enum(checkVerdicts),
  rules: z.array(CheckedRule),
  /** traces that have not ended: what they may still do was not checked */
  running: z.array(z.string()),
  /** traces in which a rule failed */
  failed_traces: z.number(),
  coverage: Coverage,
});

export type CheckDetail = { summary: Phrase; evidence: string[] };
export type CheckOutcome = Omit<z.infer<typeof Outcome>, "details"> & { details: CheckDetail[] };
export type CheckedRule = Omit<z.infer<typeof CheckedRule>, "outcomes"> & { outcomes: CheckOutcome[] };
export type CheckResult = Omit<z.infer<typeof CheckAnswer>, "rules"> & { rules: CheckedRule[] };
