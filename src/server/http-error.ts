/** Errors as HTTP answers. */
import type { ServerResponse } from "node:http";
import { AgensightError } from "../model/error.js";
import { BodyStopped } from "./read-body.js";

const statuses: Partial<Record<AgensightError["code"], number>> = {
  bad_argument: 400,
  bad_input: 400,
  not_found: 404,
  ambiguous: 400,
  pruned: 410,
  too_large: 413,
  // a sender keeps what it has and tries again
  busy: 503,
  disk_full: 503,
  read_only: 503,
};

export type HttpError = { status: number; code: string; message: string; hint: string | null };

/** What is no AgensightError is a defect, which tells strangers nothing. */
export function httpError(error: unknown): HttpError {
  if (error instanceof BodyStopped) return { status: 408, code: "bad_input", message: error.message, hint: null };
  if (!(error instanceof AgensightError))
    return { status: 500, code: "internal", message: "The server failed to answer.", hint: null };
  const { code, message, hint } = error;
  return { status: statuses[code] ?? 500, code, message, hint };
}

/** Seconds after which a refused sender should try again; null: it need not. */
export function retryAfter(status: number): number | null {
  return status === 429 || status === 503 ? 1 : null;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}

export function sendError(response: ServerResponse, error: HttpError): void {
  if (response.headersSent) return void response.destroy();
  const wait = retryAfter(error.status);
  if (wait !== null) response.setHeader("retry-after", wait);
  // what follows of the request is not read
  if (!response.req.complete) response.setHeader("connection", "close");
  const { code, message, hint } = error;
  sendJson(response, error.status, { error: { code, message, hint } });
}
