/** A diagnosis as it may be shown. */
import type { Diagnosis } from "../../model/diagnosis.js";
import { type Show, showPhrase } from "../show.js";

export function showDiagnosis(show: Show, given: Diagnosis): Diagnosis {
  return {
    ...given,
    verdict: showPhrase(show, given.verdict),
    findings: given.findings.map((finding) => ({ ...finding, summary: showPhrase(show, finding.summary) })),
  };
}
