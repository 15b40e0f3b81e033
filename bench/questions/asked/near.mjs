// Figures that an answer must hold, however it writes them: 71.2 s, 71,200 ms or 1m 11s.

const numbers = "\\d[\\d,]*(?:\\.\\d+)?";

const readings = {
  /** ms */
  time: (text) => [
    ...units(text, `(${numbers})\\s*(ms|milliseconds|s|sec|seconds|min|minutes)\\b`, {
      ms: 1,
      milliseconds: 1,
      s: 1000,
      sec: 1000,
      seconds: 1000,
      min: 60_000,
      minutes: 60_000,
    }),
    ...[...text.matchAll(/(\d+)\s*m(?:in)?\s*(\d+)\s*s/g)].map(([, m, s]) => m * 60_000 + s * 1000),
    ...[...text.matchAll(new RegExp(`"[a-z_]*ms":\\s*(${numbers})`, "gi"))].map(([, n]) => read(n)),
  ],
  /** USD */
  money: (text) => [
    ...[...text.matchAll(new RegExp(`\\$\\s*(${numbers})`, "g"))].map(([, n]) => read(n)),
    ...[...text.matchAll(new RegExp(`(${numbers})\\s*(?:USD|\\$)`, "g"))].map(([, n]) => read(n)),
    ...[...text.matchAll(new RegExp(`"[a-z_]*(?:cost|usd)[a-z_]*":\\s*(${numbers})`, "gi"))].map(([, n]) => read(n)),
  ],
  /** calls, tokens, errors … */
  count: (text) => units(text, `(${numbers})\\s?(k|M)?\\b`, { k: 1000, M: 1e6 }),
};

function units(text, pattern, factors) {
  return [...text.matchAll(new RegExp(pattern, "g"))].map(([, n, unit]) => read(n) * (factors[unit] ?? 1));
}

const read = (text) => Number(text.replaceAll(",", ""));

const near =
  (kind, within) =>
  (value, share = within) => ({
    value,
    test: (text) => readings[kind](text).some((found) => Math.abs(found - value) <= Math.abs(value) * share),
    toString: () => `${kind} near ${value}`,
  });

export const time = near("time", 0.02);
export const money = near("money", 0.02);
export const count = near("count", 0.006);
