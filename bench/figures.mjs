// Figures out of repeated measurements.

/** The value below which the share `q` of the numbers lies. */
export function quantile(numbers, q) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

export const median = (numbers) => quantile(numbers, 0.5);

/** A row of the table whose value must not be above its target. */
export const atMost = (name, value, target, unit, note) => ({ name, value, target, unit, ok: value <= target, note });

/** A row that is told, not judged. */
export const told = (name, value, unit, note) => ({ name, value, target: null, unit, ok: true, note });

/** A row of the table whose value must not be below its target. */
export const atLeast = (name, value, target, unit, note) => ({
  name,
  value,
  target,
  unit,
  ok: value >= target,
  note,
  least: true,
});
