/** Searches that found nothing, and that the answer rests on all the same. */
import { admitsNothing, answersAfter } from "../answers.js";
import type { Finding } from "../diagnosis.js";
import { plural } from "../format.js";
import { nameOf, phrase } from "../phrase.js";
import { emptiness } from "../result-text.js";
import type { Run } from "../run.js";
import { follows } from "../run-tree.js";
import { compareArguments } from "../similar-arguments.js";
import { type ToolUse, toolUses } from "../tool-uses.js";
import { limitFindings, mostEvidence } from "./limit-findings.js";

/** So many empty results in a row are a fault of their own. */
const many = 3;

const looksUp =
  /search|find|get|fetch|query|look_?up|list|read|retriev|recall|select|browse|scan|grep|rag\b|docs|knowledge/i;
/** Of these, nothing is good news, or all that there is to say. */
const nothingIsFine =
  /conflict|duplicate|error|alert|violation|vulnerab|lint|diagnos|issue|warning|block|overdue|pending|check|exists|valid|memor|history|cache|notification|inbox|delete|remove|send|write|update|create|set_|save|store|log/i;

export function detectEmptyResults(run: Run): Finding[] {
  const uses = toolUses(run).filter(({ failure, output }) => failure === null && output !== null);
  const byName = new Map<string, ToolUse[]>();
  for (const use of uses) {
    const known = byName.get(use.name);
    if (known) known.push(use);
    else byName.set(use.name, [use]);
  }
  const findings: Finding[] = [];
  const lastFound = uses.reduce(
    (latest, use) => (!isEmpty(use) && isSource(use) ? Math.max(latest, use.start_us) : latest),
    Number.NEGATIVE_INFINITY,
  );
  for (const [name, own] of byName) {
    const isRetriever = own[0]?.step?.kind === "retriever";
    if (!isRetriever && (nothingIsFine.test(name) || !isLookUp(name, own))) continue;
    const found = findingOf(run, name, own, lastFound);
    if (found) findings.push(found);
  }
  return limitFindings(findings, "tool");
}

/** Nothing at all is an answer only of tools that are asked for something. */
function isLookUp(name: string, uses: ToolUse[]): boolean {
  return looksUp.test(name) || uses.some(({ output }) => emptiness(output ?? "") === "none");
}

function findingOf(run: Run, name: string, own: ToolUse[], lastFound_us: number): Finding | null {
  const empty = own.filter(isEmpty);
  const [first] = empty;
  if (!first) return null;
  const last = empty.at(-1) as ToolUse;
  const hasFound = own.length > empty.length;
  // the end of paging, or some items that had nothing
  if (hasFound && (empty.length < many || isPaging(own) || empty.length * 2 <= own.length)) return null;
  const foundLater = follows(lastFound_us, first.end_us);
  const answer = answersAfter(run, last.end_us);
  const isHonest = answer !== null && admitsNothing(answer);
  const isFault = answer !== null && !isHonest && !foundLater;
  const times =
    own.length === 1 ? "returned nothing" : `returned nothing in ${empty.length} of ${plural(own.length, "call")}`;
  const outcome = isHonest
    ? ", and the answer says so"
    : foundLater
      ? ", and the run found something elsewhere"
      : answer === null
        ? "; what was answered after that was not recorded"
        : ", and the run answered as though it had something to go by";
  const what = first.step?.kind === "retriever" ? phrase`Retriever ${nameOf(name)}` : phrase`Tool ${nameOf(name)}`;
  return {
    kind: "empty_result",
    severity: isFault ? "warning" : "info",
    summary: phrase`${what} ${times}${outcome}.`,
    evidence: [...new Set(own.length === empty.length ? own.map(idOf) : [...empty, ...own].map(idOf))].slice(
      0,
      mostEvidence,
    ),
    saves: { ms: null, tokens: null, usd: null },
  };
}

function idOf({ shownBy }: ToolUse): string {
  return shownBy.span_id;
}

function isEmpty({ output }: ToolUse): boolean {
  return output !== null && emptiness(output) !== null;
}

/** What an answer may rest on: tools that look something up, and those that tell something. */
function isSource({ name, output, step }: ToolUse): boolean {
  return step?.kind === "retriever" || looksUp.test(name) || (output?.length ?? 0) > 40;
}

/** The same call over and over, page by page. */
function isPaging(uses: ToolUse[]): boolean {
  return uses
    .slice(1)
    .every((use, index) => compareArguments(uses[index]?.input ?? null, use.input) === "other" && hasPage(use));
}

function hasPage({ input }: ToolUse): boolean {
  return /page|offset|cursor|after|skip|start|from_?row/i.test(input ?? "");
}
