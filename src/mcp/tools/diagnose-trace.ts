/** diagnose_trace: why a run failed, was slow or cost much, each finding with the spans that prove it. */
import * as z from "zod";
import { type Diagnosis, DiagnosisAnswer, type Finding } from "../../model/diagnosis.js";
import { count, dotted, duration, money, plural } from "../../model/format.js";
import { plainPhrase } from "../../model/phrase.js";
import { estimateTokens } from "../../model/tokens.js";
import { answerForm, budgetOf, largerBudget, traceId } from "../arguments.js";
import { jsonFit, jsonText } from "../json-answer.js";
import { callText, coverageText } from "../render/coverage.js";
import { idText } from "../render/fence.js";
import { phraseText } from "../render/phrase.js";
import { defineTool } from "../tool.js";

/** Evidence ids shown per finding. */
const shownIds = 4;

export const diagnoseTrace = defineTool({
  name: "diagnose_trace",
  title: "Diagnose a trace",
  description:
    "Why one run failed, was slow or cost much: verdict, then faults best first (errors, slow steps, loops, retries …) with evidence and savings.",
  effect: "read",
  arguments: z.strictObject({ trace_id: traceId, ...answerForm }),
  answer: DiagnosisAnswer,
  run: async (args, { reader }) => {
    const found = await reader.diagnoseTrace({ trace_id: args.trace_id });
    return (args.format === "json" ? json : text)(found, budgetOf(args));
  },
});

function json({ verdict, findings, coverage }: Diagnosis, budget: number): string {
  const items = findings.map((finding) => ({ ...finding, summary: plainPhrase(finding.summary) }));
  const answer = (fit: number) => ({
    verdict: plainPhrase(verdict),
    findings: items.slice(0, fit),
    coverage: { ...coverage, returned: fit },
  });
  return jsonText(answer(jsonFit(items, budget - estimateTokens(jsonText(answer(0))))));
}

function text({ trace_id, verdict, findings, coverage }: Diagnosis, budget: number): string {
  const head = `${phraseText(verdict)}\ntrace ${idText(trace_id)}`;
  const tail = (shown: number) => {
    const { matched, as_of_seq, notes } = coverage;
    const all = shown === matched ? plural(matched, "finding") : `${count(shown)} of ${plural(matched, "finding")}`;
    const cut = shown < matched && `cut by max_tokens ${budget}`;
    const more = callText("diagnose_trace", { trace_id, max_tokens: largerBudget(budget) });
    return coverageText([all, cut, ...notes, `as of seq ${as_of_seq}`], shown < matched ? more : null);
  };
  const lines: string[] = [];
  let room = budget - estimateTokens(head) - estimateTokens(tail(0)) - 10;
  for (const [index, finding] of findings.entries()) {
    const line = findingText(finding, index + 1);
    room -= estimateTokens(line) + 1;
    if (room < 0 && lines.length > 0) break;
    lines.push(line);
  }
  return [head, ...lines, tail(lines.length)].join("\n");
}

function findingText({ kind, severity, summary, evidence, saves }: Finding, place: number): string {
  const more = evidence.length - shownIds;
  const ids = evidence.slice(0, shownIds).map(idText).join(", ");
  const proof = evidence.length === 0 ? null : `spans ${ids}${more > 0 ? ` +${count(more)} more` : ""}`;
  const about = dotted([savingsText(saves), proof]);
  return `${place}. ${severity.toUpperCase()} ${kind}: ${phraseText(summary)}${about === "" ? "" : `\n   ${about}`}`;
}

/** `would save 12 s, 3,400 tok, $0.012`; empty when nothing, or nothing known. */
function savingsText({ ms, tokens, usd }: Finding["saves"]): string {
  const parts = [ms && duration(ms), tokens && `${count(tokens)} tok`, usd && money(usd)].filter(Boolean);
  return parts.length === 0 ? "" : `would save ${parts.join(", ")}`;
}
