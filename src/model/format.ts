/** Figures as a reader wants them: durations, counts, money, times. */

/** ms → `0.4 ms`, `340 ms`, `41.2 s`, `12 min 3 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1000).toFixed(ms < 9_995 ? 2 : 1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 1234567 → `1,234,567`. By hand: formatters of a locale take longer than all the rest of a line. */
export function count(n: number): string {
  const [whole = "", fraction] = String(Math.round(n * 100) / 100).split(".");
  const grouped = whole.length > 3 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 error`, `2 errors`, `3 entries`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${n === 1 ? noun : plurals(noun)}`;
}

/** The plural of an English noun of ours. */
export function plurals(noun: string): string {
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** USD; cents from a dollar on, three significant digits below. */
export function money(usd: number): string {
  if (usd === 0) return "$0";
  if (Math.abs(usd) >= 1) {
    const [whole = "", cents = ""] = usd.toFixed(2).split(".");
    return `$${count(Number(whole))}.${cents}`;
  }
  return `$${Number(usd.toPrecision(3))
    .toFixed(12)
    .replace(/(\.\d\d\d*?)0+$/, "$1")}`;
}

/** An ISO time without its milliseconds. */
export function second(iso: string): string {
  return iso.replace(/\.\d+(?=Z|[+-]|$)/, "");
}

/** `12 min ago`, `3 h ago`; both in ms since the epoch. */
export function ago(time: number, now: number): string {
  const s = Math.round(Math.abs(now - time) / 1000);
  const text =
    s < 90
      ? `${s} s`
      : s < 5400
        ? `${Math.round(s / 60)} min`
        : s < 172_800
          ? `${Math.round(s / 3600)} h`
          : `${Math.round(s / 86_400)} d`;
  return time > now ? `in ${text}` : `${text} ago`;
}

/** The token figures of a call or a sum of calls; empty when none was recorded. */
export function tokenFigures(of: {
  input_tokens: number | null;
  cached_tokens: number | null;
  output_tokens: number | null;
}): string {
  const parts: string[] = [];
  if (of.input_tokens !== null)
    parts.push(`in ${count(of.input_tokens)}${of.cached_tokens ? ` (cached ${count(of.cached_tokens)})` : ""}`);
  if (of.output_tokens !== null) parts.push(`out ${count(of.output_tokens)}`);
  return parts.length > 0 ? `${parts.join(" ")} tok` : "";
}

/** Cost with what it leaves out; empty when there was nothing to price. */
export function costFigures(of: { cost_usd: number | null; unpriced_calls: number }): string {
  if (of.cost_usd === null)
    return of.unpriced_calls > 0 ? `cost unknown (${plural(of.unpriced_calls, "call")} unpriced)` : "";
  return money(of.cost_usd) + (of.unpriced_calls > 0 ? ` (${plural(of.unpriced_calls, "call")} unpriced)` : "");
}

/** The parts that say something, with ` · ` between. */
export function dotted(parts: (string | null | false | undefined)[]): string {
  return parts.filter(Boolean).join(" · ");
}
