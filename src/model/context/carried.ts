/** What each part of the prompts cost over a run: in how many calls it stood, and what they paid for it. */
import type { Call, Contexts, Thread } from "./contexts.js";
import { inputCost } from "./rates.js";
import type { Unit } from "./units.js";

export type Carried = {
  unit: Unit;
  /** in the last call that it stood in, and in the first */
  tokens: number;
  first_tokens: number;
  /** its index in the last call's thread; null = it is no part of a message */
  place: number | null;
  /** calls that it stood in */
  calls: number;
  /** over all of these */
  total_tokens: number;
  /** what they paid for it, each at its average price of an input token; null = the price of one is unknown */
  total_usd: number | null;
  first: Call;
  last: Call;
};

/** USD of an average input token of this call; null = unknown. */
export function inputPrice(call: Call, contexts: Contexts): number | null {
  const cost = inputCost(call.step, contexts.rates(call.step));
  const { input_tokens: tokens } = call.step;
  return cost === null || !tokens ? null : cost / tokens;
}

/** Calls whose parts count: those that the provider reported, or all where it reported none. */
export function countedCalls({ calls }: Contexts): Call[] {
  const measured = calls.filter((call) => call.measured);
  return measured.length > 0 ? measured : calls;
}

/** Calls that a part stands in together. `price`: of one token in all of them; null = unknown. */
type Carrying = { thread: Thread | null; times: number; price: number | null; first: Call; last: Call };

/** Most tokens first. Linear in the parts that prompts do not share. */
export function carriedParts(contexts: Contexts, calls: readonly Call[]): Carried[] {
  const found = new Map<Unit, Carried & { by: Carrying }>();
  const add = (unit: Unit, tokens: number, place: number | null, by: Carrying) => {
    const { thread, times, price, first, last } = by;
    const total_tokens = tokens * times;
    const total_usd = price === null ? null : tokens * price;
    const known = found.get(unit);
    if (!known) {
      const own = { unit, tokens, first_tokens: tokens, calls: times, total_tokens, total_usd, first, last, place, by };
      found.set(unit, own);
      return;
    }
    // the same message twice in one prompt
    known.calls += thread !== null && known.by.thread === thread ? times - known.by.times : times;
    known.by = by;
    known.total_tokens += total_tokens;
    known.total_usd = known.total_usd === null || total_usd === null ? null : known.total_usd + total_usd;
    if (first.step.start_us < known.first.step.start_us) {
      known.first = first;
      known.first_tokens = tokens;
    }
    if (last.step.start_us >= known.last.step.start_us) {
      known.last = last;
      known.tokens = tokens;
      known.place = place;
    }
  };
  const threads = new Map<Thread, Call[]>();
  for (const call of calls) {
    const { head } = call;
    const alone = { thread: null, times: 1, price: inputPrice(call, contexts), first: call, last: call };
    if (head.system) add(head.system, call.system_tokens, null, alone);
    if (head.tools) add(head.tools, call.tools_tokens, null, alone);
    if (call.unrecorded_tokens > 0) add(contexts.unrecorded, call.unrecorded_tokens, null, alone);
    const same = threads.get(call.thread);
    if (same) same.push(call);
    else threads.set(call.thread, [call]);
  }
  // From the last unit to the first: each call joins where its prompt ends.
  for (const [thread, sharing] of threads) {
    const waiting = [...sharing].sort((a, b) => a.units - b.units);
    let by: Carrying | undefined;
    for (let i = thread.units.length - 1; i >= 0; i--) {
      while ((waiting.at(-1)?.units ?? 0) > i) by = joined(by, waiting.pop() as Call, contexts);
      if (by) add(thread.units[i] as Unit, thread.tokens[i] as number, i, by);
    }
  }
  return [...found.values()].sort((a, b) => b.total_tokens - a.total_tokens);
}

function joined(by: Carrying | undefined, call: Call, contexts: Contexts): Carrying {
  const own = inputPrice(call, contexts);
  if (!by) return { thread: call.thread, times: 1, price: own, first: call, last: call };
  return {
    thread: by.thread,
    times: by.times + 1,
    price: by.price === null || own === null ? null : by.price + own,
    first: call.step.start_us < by.first.step.start_us ? call : by.first,
    last: call.step.start_us >= by.last.step.start_us ? call : by.last,
  };
}
