/** `/v1/traces` and `/v1/logs`: OTLP/HTTP. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import type { IncomingMessage } from "node:http";
import { AgensightError } from "../../model/error.js";
import { type HttpError, httpError } from "../http-error.js";
import { readBody } from "../read-body.js";
import type { ReceivedBody } from "../receiver.js";
import type { Route } from "../route.js";
import { contentTypes, type Format, sendReceipt, sendStatus } from "./answer.js";

const mostBytes = 16 * 1024 * 1024;

export const otlpRoutes: Route[] = [otlpRoute("traces"), otlpRoute("logs")];

/** `longestPause`: ms between two pieces of a body. */
export function otlpRoute(signal: ReceivedBody["signal"], longestPause = 10_000): Route {
  return {
    path: `/v1/${signal}`,
    methods: ["POST"],
    async handle(request, response, { receiver }) {
      const format = formatOf(request);
      const encoding = (request.headers["content-encoding"] ?? "identity").toLowerCase();
      const body = await readBody(request, { bytes: mostBytes, pause: longestPause });
      try {
        if (format === null)
          return sendStatus(response, "json", unsupported(`Send ${Object.values(contentTypes).join(" or ")}.`));
        if (!isEncoding(encoding))
          return sendStatus(response, format, unsupported("Send content-encoding gzip, deflate or none."));
        const receipt = await receiver.receive({ signal, format, encoding, bytes: body.bytes }).catch(askToRetry);
        sendReceipt(response, format, signal, receipt);
      } finally {
        body.release();
      }
    },
    sendError: (response, error) => sendStatus(response, formatOf(response.req) ?? "json", error),
  };
}

/** A store that fails is not the sender's fault: it keeps what it has, and tries again. */
function askToRetry(error: unknown): never {
  if (!(error instanceof AgensightError) || httpError(error).status !== 500) throw error;
  throw new AgensightError("busy", error.message, { ...(error.hint ? { hint: error.hint } : {}), cause: error });
}

function formatOf(request: IncomingMessage): Format | null {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  return (Object.keys(contentTypes) as Format[]).find((format) => contentTypes[format] === type) ?? null;
}

function isEncoding(text: string): text is ReceivedBody["encoding"] {
  return text === "identity" || text === "gzip" || text === "deflate";
}

function unsupported(message: string): HttpError {
  return { status: 415, code: "bad_input", message, hint: null };
}
