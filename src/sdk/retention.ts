/** Retention as the SDK's users write it. */
import { diag } from "@opentelemetry/api";
import { ageInSeconds, sizeInBytes } from "../model/quantity.js";

/** How long and how much a file keeps of one service's traces. */
export type Retention = {
  /** `"30d"`, `"12h"`, `"90m"`, `"2w"`, or a number of ms */
  maxAge?: string | number;
  /** `"1GB"`, `"500 MB"`, `"1GiB"`, or a number of bytes */
  maxSize?: string | number;
};

const wholeSeconds = (age: string | number): number | null =>
  typeof age === "string"
    ? ageInSeconds(age)
    : age > 0 && Number.isFinite(age)
      ? Math.max(1, Math.round(age / 1000))
      : null;

const wholeBytes = (size: string | number): number | null =>
  typeof size === "string" ? sizeInBytes(size) : size > 0 && Number.isFinite(size) ? Math.round(size) : null;

/** What the store understands; null = no limit. What cannot be read is told to `diag` and sets no limit. */
export function retentionLimits(retention: Retention | undefined): { max_age_s?: number; max_bytes?: number } | null {
  const { maxAge, maxSize } = retention ?? {};
  const age = maxAge === undefined ? null : wholeSeconds(maxAge);
  const size = maxSize === undefined ? null : wholeBytes(maxSize);
  if (maxAge !== undefined && age === null) diag.error(`agensight: retention.maxAge is no age like "30d": ${maxAge}`);
  if (maxSize !== undefined && size === null)
    diag.error(`agensight: retention.maxSize is no size like "1GB": ${maxSize}`);
  if (age === null && size === null) return null;
  return { ...(age === null ? {} : { max_age_s: age }), ...(size === null ? {} : { max_bytes: size }) };
}
