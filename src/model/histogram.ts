/**
 * Mergeable latency histograms with logarithmic buckets: bucket b holds values v with γ^(b−1) < v ≤ γ^b, γ = 1.04,
 * so that a percentile is off by at most 2 %. Source of the scheme: DDSketch (Masson, Rim, Lee 2019).
 */

const gamma = 1.04;
const logGamma = Math.log(gamma);
/** γ^1023 µs are more than ten thousand years. */
const buckets = 1024;

/** Sparse: bucket → count. Counts become 0 or less where something is taken out again. */
export type Histogram = Map<number, number>;

/** Dense: the count of each bucket. */
export type HistogramSum = Float64Array;

export function emptySum(): HistogramSum {
  return new Float64Array(buckets);
}

/** Everything up to 1 µs shares bucket 0. */
function bucketOf(us: number): number {
  return us <= 1 ? 0 : Math.min(buckets - 1, Math.ceil(Math.log(us) / logGamma));
}

export function addToHistogram(histogram: Histogram, us: number, count = 1): void {
  const bucket = bucketOf(us);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
}

export function mergeHistogram(into: Histogram, from: Histogram): void {
  for (const [bucket, count] of from) into.set(bucket, (into.get(bucket) ?? 0) + count);
}

/**
 * Compact text: of each bucket two base-36 digits (0–9a–z), then its count in base 26 (A–Z, most significant first),
 * left out when it is 1. Two texts put together are their merger. Only positive counts are written.
 */
export function histogramText(histogram: Histogram): string {
  let text = "";
  for (const [bucket, count] of histogram) {
    if (count <= 0) continue;
    text += bucket < 36 ? `0${bucket.toString(36)}` : bucket.toString(36);
    if (count > 1) text += letters(count);
  }
  return text;
}

function letters(count: number): string {
  let text = "";
  for (let rest = count; rest > 0; rest = Math.floor(rest / 26)) text = String.fromCharCode(65 + (rest % 26)) + text;
  return text;
}

/** Adds the counts of a text to `histogram`. */
export function mergeHistogramText(histogram: Histogram, text: string): void {
  readText(text, (bucket, count) => histogram.set(bucket, (histogram.get(bucket) ?? 0) + count));
}

export function addTextToSum(sum: HistogramSum, text: string): void {
  readText(text, (bucket, count) => {
    if (bucket < buckets) sum[bucket] = (sum[bucket] as number) + count;
  });
}

function digit(code: number): number {
  return code <= 57 ? code - 48 : code - 87;
}

/** Character by character: usage over a long time reads megabytes of them. */
function readText(text: string, add: (bucket: number, count: number) => void): void {
  for (let at = 0; at + 1 < text.length; ) {
    const bucket = digit(text.charCodeAt(at)) * 36 + digit(text.charCodeAt(at + 1));
    let count = 0;
    for (at += 2; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < 65 || code > 90) break;
      count = count * 26 + code - 65;
    }
    add(bucket, count === 0 ? 1 : count);
  }
}

/** Adds durations written as "µs,µs,…". */
export function addDurationsToSum(sum: HistogramSum, text: string): void {
  if (text === "") return;
  for (const us of text.split(",")) {
    const bucket = bucketOf(Number(us));
    sum[bucket] = (sum[bucket] as number) + 1;
  }
}

/** The q-quantile (0…1) in ms; null when empty. */
export function quantileMs(sum: HistogramSum, q: number): number | null {
  let total = 0;
  for (let bucket = 0; bucket < buckets; bucket++) total += sum[bucket] as number;
  if (total <= 0) return null;
  let rank = Math.max(1, Math.ceil(q * total));
  for (let bucket = 0; bucket < buckets; bucket++) {
    rank -= sum[bucket] as number;
    // the middle of the bucket, in the sense that halves the relative error
    if (rank <= 0) return bucket === 0 ? 0 : (2 * gamma ** bucket) / (gamma + 1) / 1000;
  }
  return null;
}
