/** Ages and sizes as people write them. */
import { diag } from "@opentelemetry/api";

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const bytes: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** How long and how much a file keeps of one service's traces. */
export type Retention = {
  /** `"30d"`, `"12h"`, `"90m"`, `"2w"`, or a number of ms */
  maxAge?: string | number;
  /** `"1GB"`, `"500 MB"`, `"1GiB"`, or a number of bytes */
  maxSize?: string | number;
};

/** Whole seconds; null when it is no age. */
function ageInSeconds(age: string | number): number | null {
  if (typeof age === "number") return age > 0 && Number.isFinite(age) ? Math.max(1, Math.round(age / 1000)) : null;
  return quantity(age, seconds);
}

/** Whole bytes; null when it is no size. */
function sizeInBytes(size: string | number): number | null {
  if (typeof size === "number") return size > 0 && Number.isFinite(size) ? Math.round(size) : null;
  return quantity(size, bytes);
}

function quantity(text: string, units: Record<string, number>): number | null {
  const [, number, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text) ?? [];
  const factor = units[unit.toLowerCase()];
  const value = Math.round(Number(number) * (factor ?? Number.NaN));
  return value > 0 ? value : null;
}

/** What the store understands; null = no limit. What cannot be read is told to `diag` and sets no limit. */
export function retentionLimits(retention: Retention | undefined): { max_age_s?: number; max_bytes?: number } | null {
  const { maxAge, maxSize } = retention ?? {};
  const age = maxAge === undefined ? null : ageInSeconds(maxAge);
  const size = maxSize === undefined ? null : sizeInBytes(maxSize);
  if (maxAge !== undefined && age === null) diag.error(`agensight: retention.maxAge is no age like "30d": ${maxAge}`);
  if (maxSize !== undefined && size === null)
    diag.error(`agensight: retention.maxSize is no size like "1GB": ${maxSize}`);
  if (age === null && size === null) return null;
  return { ...(age === null ? {} : { max_age_s: age }), ...(size === null ? {} : { max_bytes: size }) };
}
