/**
 * Mergeable latency histograms with logarithmic buckets: bucket b holds values v with γ^(b−1) < v ≤ γ^b, γ = 1.04,
 * so that a percentile is off by at most 2 %. Source of the scheme: DDSketch (Masson, Rim, Lee 2019).
 */

const gamma = 1.04;
const logGamma = Math.log(gamma);

/** bucket → count; counts may become 0 when something is taken out again */
export type Histogram = Map<number, number>;

/** Values are µs; everything up to 1 µs shares bucket 0. */
export function addToHistogram(histogram: Histogram, us: number, count = 1): void {
  const bucket = us <= 1 ? 0 : Math.ceil(Math.log(us) / logGamma);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
}

/** "bucket:count,…"; two texts joined by a comma are their merger. */
export function histogramText(histogram: Histogram): string {
  let text = "";
  for (const [bucket, count] of histogram) if (count !== 0) text += `${text ? "," : ""}${bucket}:${count}`;
  return text;
}

/** Adds the counts of a text to `histogram`. */
export function mergeHistogramText(histogram: Histogram, text: string): void {
  if (text === "") return;
  for (const entry of text.split(",")) {
    const colon = entry.indexOf(":");
    if (colon < 0) continue;
    const bucket = Number(entry.slice(0, colon));
    histogram.set(bucket, (histogram.get(bucket) ?? 0) + Number(entry.slice(colon + 1)));
  }
}

/** The q-quantile (0…1) in ms; null when empty. */
export function histogramQuantileMs(histogram: Histogram, q: number): number | null {
  const buckets = [...histogram].filter(([, count]) => count > 0).sort((a, b) => a[0] - b[0]);
  let total = 0;
  for (const [, count] of buckets) total += count;
  if (total === 0) return null;
  let rank = Math.max(1, Math.ceil(q * total));
  for (const [bucket, count] of buckets) {
    rank -= count;
    // the middle of the bucket, in the sense that halves the relative error
    if (rank <= 0) return bucket === 0 ? 0 : (2 * gamma ** bucket) / (gamma + 1) / 1000;
  }
  return null;
}
