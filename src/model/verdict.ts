/** The first sentence of a diagnosis: what ended the run, else what dominated it, else that it is clean. Pure. */

import type { CriticalPath } from "./critical-path.js";
import type { Finding, FindingKind } from "./diagnosis.js";
import { costFigures, dotted, duration, plural, tokenFigures } from "./format.js";
import { workOnPath } from "./path-work.js";
import { joinPhrases, type Phrase, phrase } from "./phrase.js";
import type { Run } from "./run.js";
import { stepPhrase } from "./step-phrase.js";
import { workLabel } from "./work-label.js";

const namedWorks = 3;
const leastNamed = 0.05;

type Wording = (subject: Phrase) => Phrase;
const wordings: Record<FindingKind, Wording> = {
  error_chain: (subject) => phrase`an error in ${subject}`,
  slow_step: (subject) => phrase`a slow step, ${subject}`,
  loop: (subject) => phrase`a loop around ${subject}`,
  retry: (subject) => phrase`retries of ${subject}`,
  rate_limit: (subject) => phrase`rate limits on ${subject}`,
  context_growth: (subject) => phrase`a context that kept growing, up to ${subject}`,
  cache_break: (subject) => phrase`a broken prompt cache at ${subject}`,
  truncated_output: (subject) => phrase`an answer cut off, of ${subject}`,
  ignored_result: (subject) => phrase`a result that was not used, of ${subject}`,
  empty_result: (subject) => phrase`an empty result of ${subject}`,
  slow_first_token: (subject) => phrase`a late first token of ${subject}`,
  idle_gap: (subject) => phrase`time in which nothing was recorded, beside ${subject}`,
  unfinished: (subject) => phrase`an unfinished step, ${subject}`,
  missing_telemetry: (subject) => phrase`missing telemetry around ${subject}`,
};

/** `findings`: best first. */
export function verdictOf(run: Run, findings: readonly Finding[], path: CriticalPath): Phrase {
  const { trace } = run;
  const figures = dotted([
    trace.duration_ms === null ? "not ended" : duration(trace.duration_ms),
    plural(trace.span_count, "span"),
    plural(trace.llm_calls, "model call"),
    tokenFigures(trace),
    costFigures(trace),
    trace.error_count > 0 ? plural(trace.error_count, "error") : "no errors",
  ]);
  const [first] = findings;
  return phrase`${outcome(run, first)} ${figures}.${whereTimeWent(path)}`;
}

/** The work that the end waited for, by share of the time; what is less than a twentieth is left to the rest. */
function whereTimeWent(path: CriticalPath): Phrase {
  const total = path.end_us - path.start_us;
  const work = workOnPath(path);
  const largest = work.slice(0, namedWorks).filter(({ on_path_us }) => on_path_us >= leastNamed * total);
  if (total <= 0 || largest.length === 0) return phrase``;
  const percent = (us: number) => `${Math.round((100 * us) / total)} %`;
  const parts = largest.map(({ steps: [first, ...more], on_path_us }) => {
    return phrase`${first ? workLabel(first.step, more.length + 1) : ""} ${percent(on_path_us)}`;
  });
  const idle = total - work.reduce((sum, { on_path_us }) => sum + on_path_us, 0);
  if (idle >= leastNamed * total) parts.push(phrase`nothing recorded ${percent(idle)}`);
  return phrase` Its time went to ${joinPhrases(parts, ", ")}.`;
}

function outcome(run: Run, first: Finding | undefined): Phrase {
  const named = first && phrase`${wordings[first.kind](subjectOf(run, first))} (finding 1)`;
  const isMinor = first?.severity === "info";
  const fault = named && (isMinor ? phrase`nothing worse than ${named}` : named);
  switch (run.trace.status) {
    case "error":
      return named && !isMinor ? phrase`Failed: ${named}.` : phrase`Failed, and no span says why.`;
    case "running":
      return fault ? phrase`Still running; so far ${fault}.` : phrase`Still running; clean so far.`;
    case "incomplete":
      return fault
        ? phrase`Its root span never arrived; of what did, ${fault}.`
        : phrase`Its root span never arrived; what did is clean.`;
    default:
      if (fault) return phrase`It ended well, ${isMinor ? "with" : "but with"} ${fault}.`;
      return phrase`Clean: it ended well, and no fault was found.`;
  }
}

function subjectOf({ steps }: Run, { evidence }: Finding): Phrase {
  const step = steps.find(({ span_id }) => span_id === evidence[0]);
  return step ? stepPhrase(step) : phrase`the run`;
}
