/** Bodies as they came over the network → requests. */
import { gunzipSync, inflateSync } from "node:zlib";
import { AgensightError } from "../../model/error.js";
import type { LogsData, TracesData } from "../../model/otlp.js";
import { limitItems, parseObject } from "../bounded-json.js";
import type { ReceivedBody } from "../receiver.js";
import { decodeProtobuf } from "./protobuf.js";

const mostDecompressed = 64 * 1024 * 1024;

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
  const data = format === "json" ? parseObject(bytes, "body") : parseProtobuf(signal, bytes);
  const field = signal === "traces" ? "resourceSpans" : "resourceLogs";
  if ((data as Record<string, unknown>)[field] == null) return { [field]: [] };
  limitItems(data, "body");
  return data;
}

function parseProtobuf(signal: ReceivedBody["signal"], bytes: Uint8Array): TracesData | LogsData {
  try {
    return decodeProtobuf(signal, bytes);
  } catch (cause) {
    if (cause instanceof AgensightError) throw cause;
    throw new AgensightError("bad_input", `The body is no OTLP ${signal} request in protobuf.`, { cause });
  }
}
