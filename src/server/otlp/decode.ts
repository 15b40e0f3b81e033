/** Bodies as they came over the network → requests. */
import { gunzipSync, inflateSync } from "node:zlib";
import { AgensightError } from "../../model/error.js";
import type { LogsData, TracesData } from "../../model/otlp.js";
import type { ReceivedBody } from "../receiver.js";
import { decodeProtobuf } from "./protobuf.js";

const mostDecompressed = 64 * 1024 * 1024;
const deepest = 200;
/** Of JSON: an object takes many times the memory of the two bytes that say it. */
const mostObjects = 1_000_000;
const mostValues = 4_000_000;
/** Spans or log records of a request, which is one transaction. */
const mostItems = 50_000;
/** Bytes of JSON up to which it is parsed unseen: looking at each byte takes longer than parsing. */
const safelyParsed = 1024 * 1024;

/** Errors: bad_input, too_large. */
export function decompress({ encoding, bytes }: ReceivedBody): Uint8Array<ArrayBuffer> {
  if (encoding === "identity") return bytes;
  const inflate = encoding === "gzip" ? gunzipSync : inflateSync;
  try {
    return inflate(bytes, { maxOutputLength: mostDecompressed, chunkSize: 256 * 1024 });
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE")
      throw new AgensightError("too_large", "The body is larger than 64 MiB when decompressed.", {
        hint: "Send fewer spans in a request.",
      });
    throw new AgensightError("bad_input", `The body is no ${encoding}, or a part of it is missing.`, { cause });
  }
}

/** Errors: bad_input, too_large (depth, number of things). An empty request is one. */
export function decode({ signal, format, bytes }: Omit<ReceivedBody, "encoding">): TracesData | LogsData {
  const data = format === "json" ? parseJson(bytes) : parseProtobuf(signal, bytes);
  const field = signal === "traces" ? "resourceSpans" : "resourceLogs";
  if ((data as Record<string, unknown>)[field] == null) return { [field]: [] };
  if (countItems(data) > mostItems) throw tooMany(`${mostItems} spans or log records`);
  return data;
}

function countItems(data: TracesData & LogsData): number {
  let count = 0;
  for (const { scopeSpans } of objects(data.resourceSpans))
    for (const { spans } of objects(scopeSpans)) count += Array.isArray(spans) ? spans.length : 0;
  for (const { scopeLogs } of objects(data.resourceLogs))
    for (const { logRecords } of objects(scopeLogs)) count += Array.isArray(logRecords) ? logRecords.length : 0;
  return count;
}

/** Of what is no array of objects, that which is. */
function objects<T>(list: T[] | undefined): T[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === "object" && item !== null) : [];
}

function parseProtobuf(signal: ReceivedBody["signal"], bytes: Uint8Array): TracesData | LogsData {
  try {
    return decodeProtobuf(signal, bytes);
  } catch (cause) {
    if (cause instanceof AgensightError) throw cause;
    throw new AgensightError("bad_input", `The body is no OTLP ${signal} request in protobuf.`, { cause });
  }
}

function parseJson(bytes: Uint8Array<ArrayBuffer>): TracesData | LogsData {
  if (bytes.length > safelyParsed) refuseExplosive(bytes);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch (cause) {
    throw new AgensightError("bad_input", "The body is no JSON.", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AgensightError("bad_input", "The body is no OTLP request: it is no JSON object.");
  if (isDeeperThan(value, deepest)) throw tooDeep();
  return value as TracesData | LogsData;
}

function tooDeep(): AgensightError {
  return new AgensightError("too_large", `The body is nested deeper than ${deepest} levels.`);
}

function tooMany(things: string): AgensightError {
  return new AgensightError("too_large", `The body has more than ${things}.`, {
    hint: "Send fewer spans in a request.",
  });
}

/** JSON that is better not parsed. */
function refuseExplosive(bytes: Uint8Array): void {
  let depth = 0;
  let objects = 0;
  let values = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) {
      // to the string's end; a backslash takes the next character with it
      for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) throw tooDeep();
      if (++objects > mostObjects) throw tooMany(`${mostObjects} objects and arrays`);
    } else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === 0x2c && ++values > mostValues) throw tooMany(`${mostValues} values`);
  }
}

function isDeeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (typeof inner === "object" && inner !== null && isDeeperThan(inner, levels - 1)) return true;
  return false;
}
