/** OTLP's nanosecond times as µs and a remainder, so that no integer past 2^53 is needed. */

/** Later times (year 2255 and after) are kept as this one. */
const latestUs = 9_000_000_000_000_000;

export type Moment = {
  /** µs since the epoch */
  us: number;
  /** 0–999 */
  ns: number;
  /** whether `formatNano` gives back exactly what was read */
  exact: boolean;
};

/** null when there is no usable time. */
export function readNano(value: string | number | undefined): Moment | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") {
    return Number.isFinite(value) && value >= 0
      ? { us: Math.min(Math.floor(value / 1000), latestUs), ns: 0, exact: false }
      : null;
  }
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value)) return null;
  const ns = Number(value.slice(-3));
  const us = value.length > 3 ? Number(value.slice(0, -3)) : 0;
  if (us > latestUs) return { us: latestUs, ns: 0, exact: false };
  const exact = value.length > 3 ? value.charCodeAt(0) !== 48 : value === String(ns);
  return { us, ns, exact };
}

export function formatNano(us: number, ns: number): string {
  return us === 0 ? String(ns) : `${us}${String(ns).padStart(3, "0")}`;
}
