/**
 * Tokens of each part of a prompt, so that they add up to what the provider reported. What a prompt repeats keeps the
 * tokens it had; what is new shares the rest by the shape of its text. Where that cannot be, all parts are scaled.
 */
import { type Call, isSameCounter } from "./contexts.js";

/** Provider's tokens for one of ours, within which an estimate is believed. */
const least = 0.4;
const most = 2.5;
/** Where nothing but growth happened, the provider's figure is the measure and the estimate only shares it out. */
const leastGrowth = 0.2;

/** Before the units of the messages come the system instructions, the tools and what was not recorded. */
const headPlaces = 3;

export function measure(call: Call): void {
  if (!grow(call)) measureWhole(call);
}

/** The same system and tools, and nothing taken away. */
function onlyAdds({ previous, head, changes }: Call): boolean {
  return (
    previous !== null && changes === null && head.system === previous.head.system && head.tools === previous.head.tools
  );
}

/** Looks at what was added alone; false when the figures do not fit it. */
function grow(call: Call): boolean {
  if (!call.previous || !onlyAdds(call)) return false;
  let base = call.previous;
  // a call that failed reported nothing
  while (!base.measured && base.previous && onlyAdds(base) && call.measured) base = base.previous;
  if (!isSameCounter(base.step, call.step) || (call.measured && !base.measured)) return false;
  const added = call.thread.units.slice(base.units, call.units).map((unit) => unit.estimate);
  const expected = added.reduce((sum, each) => sum + each, 0);
  const rest = call.measured ? (call.step.input_tokens as number) - base.total : Math.round(expected);
  if (rest < expected * leastGrowth || (added.length === 0 && rest !== 0)) return false;
  for (const [i, tokens] of spread(added, rest).entries()) call.thread.tokens[base.units + i] = tokens;
  call.system_tokens = base.system_tokens;
  call.tools_tokens = base.tools_tokens;
  call.unrecorded_tokens = base.unrecorded_tokens;
  call.total = base.total + rest;
  return true;
}

function measureWhole(call: Call): void {
  const { previous, step, thread } = call;
  const hasBase = previous?.measured === true && isSameCounter(previous.step, step);
  const estimates = [call.head.system?.estimate ?? 0, call.head.tools?.estimate ?? 0, 0];
  for (const unit of thread.units) estimates.push(unit.estimate);
  const repeated = repeatedTokens(call);
  const tokens = call.measured
    ? fitTo(call, repeated, estimates, hasBase)
    : repeated.map((known, i) => (known >= 0 ? known : Math.round(estimates[i] as number)));
  write(call, tokens);
}

/** Tokens that the previous prompt's parts had; -1 = new. */
function repeatedTokens({ thread, head, changes, previous }: Call): number[] {
  const tokens = new Array<number>(thread.units.length + headPlaces).fill(-1);
  tokens[2] = previous?.unrecorded_tokens ?? 0;
  if (!previous) return tokens;
  if (head.system === previous.head.system) tokens[0] = previous.system_tokens;
  if (head.tools === previous.head.tools) tokens[1] = previous.tools_tokens;
  if (!changes) {
    for (let i = 0; i < previous.units; i++) tokens[i + headPlaces] = previous.thread.tokens[i] as number;
    return tokens;
  }
  for (const [message, from] of changes.repeats.entries()) {
    if (from < 0) continue;
    const start = message === 0 ? 0 : (thread.ends[message - 1] as number);
    const oldStart = from === 0 ? 0 : (previous.thread.ends[from - 1] as number);
    for (let i = start; i < (thread.ends[message] as number); i++)
      tokens[i + headPlaces] = previous.thread.tokens[oldStart + i - start] as number;
  }
  return tokens;
}

function fitTo({ step, thread }: Call, repeated: number[], estimates: number[], hasBase: boolean): number[] {
  const reported = step.input_tokens as number;
  let kept = 0;
  let fresh = 0;
  for (const [i, known] of repeated.entries()) {
    if (known >= 0) kept += known;
    else fresh += estimates[i] as number;
  }
  const rest = reported - kept;
  if (hasBase && fresh > 0 && rest >= fresh * least && rest <= fresh * most) {
    const shares = spread(
      estimates.map((estimate, i) => ((repeated[i] as number) >= 0 ? 0 : estimate)),
      rest,
    );
    return repeated.map((known, i) => (known >= 0 ? known : (shares[i] as number)));
  }
  const weights = hasBase
    ? repeated.map((known, i) => (known >= 0 ? known : (estimates[i] as number)))
    : [...estimates];
  const text = weights.reduce((sum, weight) => sum + weight, 0);
  // Far more than the text can be: something was sent that was not recorded. Images are measured by what they add.
  if (!hasBase && reported > text * most + 20) {
    const isMedia = (i: number) => thread.units[i - headPlaces]?.origin === "media";
    const media = weights.reduce((sum, weight, i) => sum + (isMedia(i) ? weight : 0), 0);
    const more = reported - text;
    if (media === 0) weights[2] = more;
    else for (const [i, weight] of weights.entries()) if (isMedia(i)) weights[i] = weight * (1 + more / media);
  }
  return spread(weights, reported);
}

/** Whole numbers in proportion to the weights that add up to `total`. */
function spread(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let run = 0;
  let given = 0;
  return weights.map((weight) => {
    run += weight;
    const until = sum === 0 ? 0 : Math.round((run / sum) * total);
    const own = until - given;
    given = until;
    return own;
  });
}

function write(call: Call, tokens: readonly number[]): void {
  const { previous, thread } = call;
  const own = tokens.slice(headPlaces);
  // The calls before keep their figures: this one gets a list of its own.
  if (previous?.thread === thread && own.some((each, i) => i < previous.units && each !== thread.tokens[i])) {
    call.thread = { messages: [...thread.messages], ends: [...thread.ends], units: [...thread.units], tokens: own };
    thread.messages.length = previous.messages;
    thread.ends.length = previous.messages;
    thread.units.length = previous.units;
    thread.tokens.length = previous.units;
  } else for (const [i, each] of own.entries()) thread.tokens[i] = each;
  call.system_tokens = tokens[0] as number;
  call.tools_tokens = tokens[1] as number;
  call.unrecorded_tokens = tokens[2] as number;
  call.total = tokens.reduce((sum, each) => sum + each, 0);
}
