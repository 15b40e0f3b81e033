/** What became of one list of messages in another: repeated, added, dropped, rewritten. Pure; n log n. */
import { firstIndex } from "../first-index.js";
import type { Heard } from "../run.js";

export type MessageChanges = {
  /** how many stand in the same place from the first on */
  prefix: number;
  /** for each new message the index of the old one that it repeats; -1 = none */
  repeats: number[];
  /** indexes of new messages that are new */
  added: number[];
  /** indexes of old messages that are gone */
  dropped: number[];
  /** old and new index of messages that stand in the same place with other content */
  rewritten: [before: number, after: number][];
};

export function commonPrefix(a: readonly Heard[], b: readonly Heard[], aLength: number): number {
  const most = Math.min(aLength, b.length);
  let n = 0;
  while (n < most && (a[n] as Heard).key === (b[n] as Heard).key) n++;
  return n;
}

/** `old` counts up to `oldLength`. */
export function compareMessages(old: readonly Heard[], oldLength: number, now: readonly Heard[]): MessageChanges {
  const prefix = commonPrefix(old, now, oldLength);
  const repeats = Array.from(now, (_, i) => (i < prefix ? i : -1));
  for (const [before, after] of longestRun(anchors(old, oldLength, now, prefix))) repeats[after] = before;
  const changes: MessageChanges = { prefix, repeats, added: [], dropped: [], rewritten: [] };
  let before = prefix;
  let gap: number[] = [];
  const close = (until: number) => {
    if (until === before && gap.length === 0) return;
    const gone = Array.from({ length: until - before }, (_, i) => before + i);
    pairUp(old, gone, now, gap, changes);
    gap = [];
  };
  for (let after = prefix; after < now.length; after++) {
    const at = repeats[after] as number;
    if (at < 0) gap.push(after);
    else {
      close(at);
      before = at + 1;
    }
  }
  close(oldLength);
  return changes;
}

/** Equal messages, the n-th of a key with the n-th, by their place among the new ones. */
function anchors(old: readonly Heard[], oldLength: number, now: readonly Heard[], from: number): [number, number][] {
  const places = new Map<number, number[]>();
  for (let i = oldLength - 1; i >= from; i--) {
    const { key } = old[i] as Heard;
    const known = places.get(key);
    if (known) known.push(i);
    else places.set(key, [i]);
  }
  const found: [number, number][] = [];
  for (let i = from; i < now.length; i++) {
    const before = places.get((now[i] as Heard).key)?.pop();
    if (before !== undefined) found.push([before, i]);
  }
  return found;
}

/** The longest selection whose first figures rise. */
function longestRun(pairs: readonly [number, number][]): [number, number][] {
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length);
  for (const [i, [value]] of pairs.entries()) {
    const low = firstIndex(tails, (tail) => (pairs[tail] as [number, number])[0] >= value);
    previous[i] = low > 0 ? (tails[low - 1] as number) : -1;
    tails[low] = i;
  }
  const run: [number, number][] = [];
  for (let i = tails.at(-1) ?? -1; i >= 0; i = previous[i] as number) run.push(pairs[i] as [number, number]);
  return run.reverse();
}

const resultIds = ({ message }: Heard) =>
  message.parts.map((part) => (part.type === "tool_call_response" ? part.id : null)).join();

/** In one gap: what stands where a message of its kind stood was rewritten, unless many made room for few. */
function pairUp(
  old: readonly Heard[],
  gone: readonly number[],
  now: readonly Heard[],
  come: readonly number[],
  changes: MessageChanges,
): void {
  const alike = gone.length <= 2 * come.length;
  let next = 0;
  const paired = new Set<number>();
  for (const before of gone) {
    const one = old[before] as Heard;
    const at = alike
      ? come.findIndex((after, i) => {
          const other = now[after] as Heard;
          return (
            i >= next && i < next + 3 && other.message.role === one.message.role && resultIds(other) === resultIds(one)
          );
        })
      : -1;
    if (at < 0) changes.dropped.push(before);
    else {
      changes.rewritten.push([before, come[at] as number]);
      paired.add(come[at] as number);
      next = at + 1;
    }
  }
  for (const after of come) if (!paired.has(after)) changes.added.push(after);
}
