/** Binary search. Pure. */

/** Index of the first that passes, or the length where none does. All that pass must stand behind all that do not. */
export function firstIndex<T>(sorted: readonly T[], passes: (each: T) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(sorted[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
