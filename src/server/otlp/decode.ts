/** Bodies as they came over the network → requests. */
import { gunzipSync, inflateSync } from "node:zlib";
import { AgensightError } from "../../model/error.js";
import type { LogsData, TracesData } from "../../model/otlp.js";
import type { ReceivedBody } from "../receiver.js";
import { decodeProtobuf } from "./protobuf.js";

const mostDecompressed = 64 * 1024 * 1024;
const deepest = 200;
/** Bytes of JSON up to which it may be parsed before its depth is known: looking at bytes takes longer than parsing. */
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

/** Errors: bad_input, too_large (depth). An empty request is one. */
export function decode({ signal, format, bytes }: Omit<ReceivedBody, "encoding">): TracesData | LogsData {
  const data = format === "json" ? parseJson(bytes) : parseProtobuf(signal, bytes);
  const field = signal === "traces" ? "resourceSpans" : "resourceLogs";
  return (data as Record<string, unknown>)[field] == null ? { [field]: [] } : data;
}

function parseProtobuf(signal: ReceivedBody["signal"], bytes: Uint8Array): TracesData | LogsData {
  try {
    return decodeProtobuf(signal, bytes);
  } catch (cause) {
    throw new AgensightError("bad_input", `The body is no OTLP ${signal} request in protobuf.`, { cause });
  }
}

function parseJson(bytes: Uint8Array<ArrayBuffer>): TracesData | LogsData {
  if (bytes.length > safelyParsed && isNestedDeeply(bytes)) throw tooDeep();
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

/** The same as `isDeeperThan`, of JSON that is not parsed yet. */
function isNestedDeeply(bytes: Uint8Array): boolean {
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) {
      // to the string's end; a backslash takes the next character with it
      for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

function isDeeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (typeof inner === "object" && inner !== null && isDeeperThan(inner, levels - 1)) return true;
  return false;
}
