/** no_findings: a diagnosis of the run finds nothing of some kinds. */
import type { CheckDetail, RuleOf } from "../check.js";
import { severities } from "../diagnosis.js";
import { phrase } from "../phrase.js";
import { judge, type Outcome, type Subject } from "./subject.js";

export function checkFindings({ kinds, severity }: RuleOf<"no_findings">, subject: Subject): Outcome {
  const least = severities.indexOf(severity);
  const failures: CheckDetail[] = subject.runs.flatMap(({ findings }) =>
    findings()
      .filter(
        (finding) =>
          severities.indexOf(finding.severity) <= least && (kinds === undefined || kinds.includes(finding.kind)),
      )
      .map(({ kind, summary, evidence }) => ({
        summary: phrase`${kind}: ${summary}`,
        evidence: evidence.slice(0, 10),
      })),
  );
  return judge({ failures, doubts: [], applied: 1 }, subject);
}
