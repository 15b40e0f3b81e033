/** order: tools are called one after the other. */
import type { CheckDetail, RuleOf } from "../check.js";
import { nameOf, phrase } from "../phrase.js";
import { nameMatches } from "./glob.js";
import type { ToolCall } from "./run-calls.js";
import { detail, judge, listed, type Outcome, type Subject, unseenCalls } from "./subject.js";

/**
 * Each tool's first call comes after the first call of the one before it in the list, and after that one had ended.
 * A tool that is in the list for the second time has to be called again.
 */
export function checkOrder({ tools, strict }: RuleOf<"order">, subject: Subject): Outcome {
  const calls = subject.runs.flatMap((run) => run.tools()).sort((a, b) => a.start_us - b.start_us);
  const found: ToolCall[] = [];
  const failures: CheckDetail[] = [];
  let from = 0;
  let missing: string | null = null;
  for (const [place, wanted] of tools.entries()) {
    const before = found.at(-1);
    const again = tools.slice(0, place).includes(wanted);
    const at = calls.findIndex((call, index) => index >= (again ? from : 0) && nameMatches(wanted, call.name));
    const call = calls[at];
    if (call === undefined) {
      missing ??= wanted;
      continue;
    }
    if (missing !== null)
      failures.push(detail(phrase`${nameOf(call.name)} was called, but ${nameOf(missing)} before it was not`, call));
    else if (at < from) failures.push(tooEarly(call, before as ToolCall));
    else if (before && overlaps(before, call)) failures.push(whileRunning(call, before));
    if (failures.length > 0) break;
    found.push(call);
    from = at + 1;
  }
  if (strict && failures.length === 0 && found.length > 1) failures.push(...between(calls, found));
  const applied = failures.length > 0 || found.length > 1 ? 1 : 0;
  return judge({ failures, doubts: unseenCalls(subject), applied }, subject);
}

function tooEarly(call: ToolCall, before: ToolCall): CheckDetail {
  return detail(phrase`${nameOf(call.name)} was called before ${nameOf(before.name)}`, call, before);
}

function whileRunning(call: ToolCall, before: ToolCall): CheckDetail {
  return detail(phrase`${nameOf(call.name)} was called before ${nameOf(before.name)} had ended`, call, before);
}

/** A tool that another one calls is not beside it. */
function overlaps(before: ToolCall, call: ToolCall): boolean {
  if (before.step === call.step) return true;
  if (before.end_us !== null && before.end_us <= call.start_us) return false;
  return !(
    call.end_us !== null &&
    before.end_us !== null &&
    call.end_us <= before.end_us &&
    before.recorded &&
    isInside(call, before)
  );
}

const isInside = (call: ToolCall, before: ToolCall) => call.step.parent_span_id === before.step.span_id;

function between(calls: readonly ToolCall[], found: readonly ToolCall[]): CheckDetail[] {
  const [first, last] = [calls.indexOf(found[0] as ToolCall), calls.indexOf(found.at(-1) as ToolCall)];
  const others = calls.slice(first, last + 1).filter((call) => !found.includes(call));
  if (others.length === 0) return [];
  const names = listed([...new Set(others.map(({ name }) => name))].map((name) => phrase`${nameOf(name)}`));
  return [detail(phrase`between them was called: ${names}`, ...others.slice(0, 10))];
}
