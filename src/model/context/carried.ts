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

/** Most tokens first. Linear in the parts that prompts do not share. */
export function carriedParts(contexts: Contexts, calls: readonly Call[]): Carried[] {
  const found = new Map<Unit, Carried>();
  const add: Add = ({ unit, tokens, times, price, first, last, place }) => {
    const usd = price === null ? null : tokens * price;
    const known = found.get(unit);
    if (!known) {
      const total_tokens = tokens * times;
      found.set(unit, {
        unit,
        tokens,
        first_tokens: tokens,
        calls: times,
        total_tokens,
        total_usd: usd,
        first,
        last,
        place,
      });
      return;
    }
    known.calls += times;
    known.total_tokens += tokens * times;
    known.total_usd = known.total_usd === null || usd === null ? null : known.total_usd + usd;
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
    const price = inputPrice(call, contexts);
    const { head } = call;
    const alone = { times: 1, price, first: call, last: call, place: null };
    if (head.system) add({ ...alone, unit: head.system, tokens: call.system_tokens });
    if (head.tools) add({ ...alone, unit: head.tools, tokens: call.tools_tokens });
    if (call.unrecorded_tokens > 0) add({ ...alone, unit: contexts.unrecorded, tokens: call.unrecorded_tokens });
    const same = threads.get(call.thread);
    if (same) same.push(call);
    else threads.set(call.thread, [call]);
  }
  for (const [thread, sharing] of threads) walkThread(thread, sharing, contexts, add);
  return [...found.values()].sort((a, b) => b.total_tokens - a.total_tokens);
}

/** `price`: of one token in all those calls together; null = unknown. */
type Add = (of: {
  unit: Unit;
  tokens: number;
  times: number;
  price: number | null;
  first: Call;
  last: Call;
  place: number | null;
}) => void;

/** From the last unit to the first: each call joins where its prompt ends. */
function walkThread({ units, tokens }: Thread, sharing: readonly Call[], contexts: Contexts, add: Add): void {
  const longestFirst = [...sharing].sort((a, b) => b.units - a.units);
  let times = 0;
  let price = 0;
  let unknown = 0;
  let next = 0;
  let first: Call | undefined;
  let last: Call | undefined;
  for (let i = units.length - 1; i >= 0; i--) {
    for (let call = longestFirst[next]; call && call.units > i; call = longestFirst[++next]) {
      const own = inputPrice(call, contexts);
      times += 1;
      if (own === null) unknown += 1;
      else price += own;
      if (!first || call.step.start_us < first.step.start_us) first = call;
      if (!last || call.step.start_us >= last.step.start_us) last = call;
    }
    if (!first || !last) continue;
    const all = { times, price: unknown > 0 ? null : price, first, last, place: i };
    add({ ...all, unit: units[i] as Unit, tokens: tokens[i] as number });
  }
}
