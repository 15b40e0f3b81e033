/** What is shown of a check: the rules are the asker's own words, what was found is recorded. */
import type { CheckResult } from "../../model/check.js";
import { orNull, type Show, showPhrase } from "../show.js";

export function showCheck(show: Show, given: CheckResult): CheckResult {
  return {
    ...given,
    rules: given.rules.map((rule) => ({
      ...rule,
      outcomes: rule.outcomes.map((outcome) => ({
        ...outcome,
        session_id: orNull(show.session, outcome.session_id),
        details: outcome.details.map((detail) => ({ ...detail, summary: showPhrase(show, detail.summary) })),
      })),
    })),
  };
}
