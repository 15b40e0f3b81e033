/** JSON from the network → an object, unless it would take more memory or stack than there is for it. */
import { AgensightError } from "../model/error.js";
import type { LogsData, TracesData } from "../model/otlp.js";

const deepest = 200;
/** An object takes many times the memory of the two bytes that say it. */
const mostObjects = 1_000_000;
const mostValues = 4_000_000;
/** Spans or log records of a request, which is one transaction. */
const mostItems = 50_000;
/** Bytes up to which it is parsed unseen: looking at each byte takes longer than parsing. */
const safelyParsed = 1024 * 1024;

/** What it is that cannot be taken, as errors name it. */
export type Carrier = "body" | "frame";

/** Errors: bad_input, too_large. */
export function parseObject(bytes: Uint8Array, carrier: Carrier): Record<string, unknown> {
  if (bytes.length > safelyParsed) refuseExplosive(bytes, carrier);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch (cause) {
    throw new AgensightError("bad_input", `The ${carrier} is no JSON.`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AgensightError("bad_input", `The ${carrier} is no JSON object.`);
  if (isDeeperThan(value, deepest)) throw tooDeep(carrier);
  return value as Record<string, unknown>;
}

/** Errors: too_large. */
export function limitItems(data: TracesData & LogsData, carrier: Carrier): void {
  let count = 0;
  for (const { scopeSpans } of objects(data.resourceSpans))
    for (const { spans } of objects(scopeSpans)) count += Array.isArray(spans) ? spans.length : 0;
  for (const { scopeLogs } of objects(data.resourceLogs))
    for (const { logRecords } of objects(scopeLogs)) count += Array.isArray(logRecords) ? logRecords.length : 0;
  if (count > mostItems) throw tooMany(carrier, `${mostItems} spans or log records`);
}

/** Of what is no array of objects, that which is. */
function objects<T>(list: T[] | undefined): T[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === "object" && item !== null) : [];
}

function tooDeep(carrier: Carrier): AgensightError {
  return new AgensightError("too_large", `The ${carrier} is nested deeper than ${deepest} levels.`);
}

function tooMany(carrier: Carrier, things: string): AgensightError {
  return new AgensightError("too_large", `The ${carrier} has more than ${things}.`, {
    hint: "Send fewer spans in a request.",
  });
}

/** JSON that is better not parsed. */
function refuseExplosive(bytes: Uint8Array, carrier: Carrier): void {
  let depth = 0;
  let objects = 0;
  let values = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) {
      // to the string's end; a backslash takes the next character with it
      for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) throw tooDeep(carrier);
      if (++objects > mostObjects) throw tooMany(carrier, `${mostObjects} objects and arrays`);
    } else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === 0x2c && ++values > mostValues) throw tooMany(carrier, `${mostValues} values`);
  }
}

function isDeeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (typeof inner === "object" && inner !== null && isDeeperThan(inner, levels - 1)) return true;
  return false;
}
