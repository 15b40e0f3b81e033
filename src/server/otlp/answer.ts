/** Answers as OTLP/HTTP has them: in the request's own encoding. */
import type { ServerResponse } from "node:http";
import protobuf from "protobufjs/minimal.js";
import { type HttpError, retryAfter } from "../http-error.js";
import type { Receipt, ReceivedBody } from "../receiver.js";

export type Format = ReceivedBody["format"];

export const contentTypes: Record<Format, string> = { json: "application/json", protobuf: "application/x-protobuf" };

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const codes: Record<number, number> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 3,
  415: 3,
  421: 7,
  429: 8,
  503: 14,
};
const internal = 13;

/** Source: OTLP specification 1.x, "Full Success", "Partial Success". */
export function sendReceipt(
  response: ServerResponse,
  format: Format,
  signal: ReceivedBody["signal"],
  { rejected, reasons }: Receipt,
): void {
  const errorMessage = reasons.join("; ");
  if (format === "json") {
    const field = signal === "traces" ? "rejectedSpans" : "rejectedLogRecords";
    const partialSuccess = { [field]: String(rejected), errorMessage };
    send(response, 200, format, JSON.stringify(rejected === 0 ? {} : { partialSuccess }));
    return;
  }
  const writer = protobuf.Writer.create();
  // both signals number their fields alike: partial_success = 1 { rejected = 1, error_message = 2 }
  if (rejected > 0) writer.uint32(10).fork().uint32(8).int64(rejected).uint32(18).string(errorMessage).ldelim();
  send(response, 200, format, writer.finish());
}

/** As google.rpc.Status. */
export function sendStatus(response: ServerResponse, format: Format, error: HttpError): void {
  if (response.headersSent) return void response.destroy();
  const wait = retryAfter(error.status);
  if (wait !== null) response.setHeader("retry-after", wait);
  // what follows of the request is not read
  if (!response.req.complete) response.setHeader("connection", "close");
  const code = codes[error.status] ?? internal;
  const message = error.hint === null ? error.message : `${error.message} ${error.hint}`;
  const body =
    format === "json"
      ? JSON.stringify({ code, message })
      : protobuf.Writer.create().uint32(8).int32(code).uint32(18).string(message).finish();
  send(response, error.status, format, body);
}

function send(response: ServerResponse, status: number, format: Format, body: string | Uint8Array): void {
  response.writeHead(status, {
    "content-type": contentTypes[format],
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}
