/** How a failure went up from span to span, in words. Pure. */
import type { Cause } from "./causes.js";
import { plural } from "./format.js";
import { nameOf, type Phrase, phrase } from "./phrase.js";
import type { Run, Step } from "./run.js";
import { errorPhrase, messageText, stepPhrase } from "./step-phrase.js";

/** Spans that a sentence names one by one; of longer ways the last is named, and those that changed the error. */
const mostNamed = 4;

/** `and ended the run through agent researcher → agent triage as WorkflowError "…"`; empty where it went nowhere. */
export function pathPhrase({ step, path, outcome }: Pick<Cause, "step" | "path" | "outcome">, run: Run): Phrase {
  const parts: Phrase = [];
  let below = step;
  let skipped = 0;
  for (const [index, above] of path.entries()) {
    const change = changeOf(below, above);
    below = above;
    const isNamed = change !== null || index === path.length - 1 || path.length <= mostNamed;
    if (!isNamed) {
      skipped++;
      continue;
    }
    if (skipped > 0) parts.push(`${parts.length > 0 ? " → " : ""}${plural(skipped, "span")}`);
    skipped = 0;
    if (parts.length > 0) parts.push(" → ");
    parts.push(...stepPhrase(above));
    if (change) parts.push(" as ", ...change);
  }
  const through: Phrase = parts.length > 0 ? phrase` through ${parts}` : [];
  switch (outcome) {
    case "ended":
      if (run.trace.status === "incomplete") return phrase`and went up${through} to a span whose parent never arrived`;
      return path.length > 0 ? phrase`and ended the run${through}` : phrase`and ended the run`;
    case "open":
      return phrase`and went up${through} to a span that has not ended`;
    default:
      return path.length > 0 ? phrase`and went up${through}, where it was caught` : [];
  }
}

/** What `above` says that `below` did not; null where it says the same. */
function changeOf(below: Step, above: Step): Phrase | null {
  const [type, message] = [above.error_type, above.error_message];
  const isNewType = type !== null && type !== below.error_type;
  const isNewMessage = message !== null && message !== below.error_message;
  if (isNewType && isNewMessage) return errorPhrase(above);
  if (isNewMessage) return phrase`${messageText(message)}`;
  return isNewType ? phrase`${nameOf(type)}` : null;
}
