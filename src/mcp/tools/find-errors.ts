/** find_errors: which faults there are, what became of them, and whom they hit. */
import * as z from "zod";
import { type Affected, ErrorAnswer, type ErrorGroup, type ErrorListing } from "../../model/error-group.js";
import { ago, count, dotted, plural } from "../../model/format.js";
import { answerForm, filters, paging, textFilter, toFilter } from "../arguments.js";
import { emptyNote } from "../empty-note.js";
import { answerPage } from "../page-answer.js";
import { callText } from "../render/coverage.js";
import { idText, nameText, quoted } from "../render/fence.js";
import { defineTool } from "../tool.js";

/** Characters of a message. */
const shownMessage = 200;

export const findErrors = defineTool({
  name: "find_errors",
  title: "Find errors",
  description:
    "Which faults many runs have, worst first: which ended their run, trend (with since), who was hit, examples. status: the run's.",
  effect: "read",
  arguments: z.strictObject({ ...filters, ...textFilter, ...paging, ...answerForm }),
  answer: ErrorAnswer,
  run: (args, context) => {
    const query = { ...toFilter(args, context.now), now: context.now };
    let found: ErrorListing | undefined;
    return answerPage<ErrorGroup>({
      tool: "find_errors",
      args,
      context,
      noun: "fault",
      key: "groups",
      fetch: async (page) => {
        found = await context.reader.findErrors({ ...query, ...page });
        return { items: found.groups, coverage: found.coverage };
      },
      head: () => (found ? totalText(found) : ""),
      line: (group) => groupText(group, context.now),
      foot: () => {
        const worst = found?.groups[0]?.examples[0];
        return worst ? `why: ${callText("diagnose_trace", { trace_id: worst.trace_id })}` : "";
      },
      extra: () => (found ? { total: found.total } : {}),
      empty: async () => (found && noneText(found)) ?? (await emptyNote("run", context)),
    });
  },
});

/** null: there were no runs either, as far as is known. */
function noneText({ total: { runs, passed_on } }: ErrorListing): string | null {
  if (passed_on > 0)
    return `no failures of their own: ${plural(passed_on, "span")} failed only because one below did, which these filters leave out`;
  if (runs === 0) return null;
  return `no failures among ${plural(runs, "run")}. A tool's result that tells of a failure while its span is ok is none here: diagnose_trace looks at those.`;
}

function totalText({ total, coverage }: ErrorListing): string {
  const { failures, failed_runs, runs, failures_before, runs_before } = total;
  const all = `${plural(coverage.matched, "fault")}${coverage.matched_is_minimum ? " or more" : ""}`;
  return dotted([
    `${all}: ${plural(failures, "failure")} in ${plural(failed_runs, "run")} (${plural(runs, "run")} looked at)`,
    outcomeText(total),
    failures_before !== null && `before: ${count(failures_before)} in ${plural(runs_before ?? 0, "run")}`,
  ]);
}

/** A run that several failures ended is told as one. */
function outcomeText(of: Pick<ErrorGroup, "failures" | "ended" | "ended_runs" | "recovered" | "open">): string {
  const part = (n: number, what: string) =>
    n === 1 && of.failures === 1 ? what : n === of.failures ? `all ${what}` : `${count(n)} ${what}`;
  const wentOn =
    of.recovered === of.failures ? (of.failures === 1 ? "" : " each time") : ` after ${count(of.recovered)}`;
  return [
    of.ended > 0 &&
      part(of.ended, of.ended_runs === of.ended ? "ended the run" : `ended ${plural(of.ended_runs, "run")}`),
    of.recovered > 0 && `the run went on${wentOn}`,
    of.open > 0 && part(of.open, "open"),
  ]
    .filter(Boolean)
    .join(", ");
}

function groupText(group: ErrorGroup, now: number): string {
  const { error_type, error_message, failures, runs, last_hour, first, last } = group;
  const type = error_type === null ? "failure" : nameText(error_type);
  const [began, latest] = [ago(Date.parse(first), now), ago(Date.parse(last), now)];
  const affected = (noun: string, of: Affected) => affectedText(noun, of, failures);
  return [
    `${type} at ${placeText(group)}${error_message === null ? ", no message" : `: ${quoted(error_message, shownMessage)}`}`,
    dotted([
      `${failures === 1 ? "1 failure" : `${plural(failures, "failure")} in ${plural(runs, "run")}`}: ${outcomeText(group)}`,
      trendText(group),
      last_hour > 0 && last_hour < failures && `${count(last_hour)} in the last hour`,
      began === latest ? latest : `first ${began}, last ${latest}`,
    ]),
    dotted([
      affected("agent", group.agents),
      group.kind !== "tool" && affected("tool", group.tools),
      affected("model", group.models),
      affected("service", group.services),
      affected("session", group.sessions),
    ]),
    dotted(
      group.examples.map(
        ({ outcome, trace_id, span_id }) =>
          `${outcome === "recovered" ? "went on" : outcome}: trace ${idText(trace_id)} span ${idText(span_id)}`,
      ),
    ),
  ]
    .filter((line) => line !== "")
    .join("\n   ");
}

function placeText({ kind, place }: ErrorGroup): string {
  const name = nameText(place, 60);
  if (kind === "llm") return `model calls to ${name}`;
  return kind === "other" ? `span ${name}` : `${kind} ${name}`;
}

function trendText({ failures, failures_before }: ErrorGroup): string | null {
  if (failures_before === null) return null;
  if (failures_before === 0) return "new";
  const times = failures / failures_before;
  return `before: ${count(failures_before)} (${times >= 10 ? count(Math.round(times)) : Number(times.toFixed(1))} ×)`;
}

/** `agents seller 8, router 4 +3 more`; the count is left out where it is that of all failures. */
function affectedText(noun: string, { most, distinct }: Affected, failures: number): string | null {
  if (distinct === 0) return null;
  const names = most.map((one) => `${nameText(one.name, 40)}${one.count === failures ? "" : ` ${count(one.count)}`}`);
  const more = distinct > most.length ? ` +${count(distinct - most.length)} more` : "";
  return `${noun}${distinct === 1 ? "" : "s"} ${names.join(", ")}${more}`;
}
