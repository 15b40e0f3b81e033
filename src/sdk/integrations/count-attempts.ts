/** How often a library sent a request again, of the SDKs of OpenAI and Anthropic, which one generator made. */
import { type Span, trace } from "@opentelemetry/api";
import type { CallSpan } from "./call-span.js";
import { quietly } from "./guard.js";
import { replaceMethod } from "./replace-method.js";

const calls = new WeakMap<Span, CallSpan>();

/** The attempts of this call are counted from now on. */
export function countAttemptsOf(call: CallSpan): void {
  if (call.isRecording) calls.set(call.span, call);
}

/** Of a client or its class; null where its requests are built in another way. */
export function patchAttempts(client: object): (() => void) | null {
  return replaceMethod(
    client,
    "buildRequest",
    (build) =>
      function (...args) {
        quietly("an attempt was not counted", () => countAttempt(args[1]));
        return build.apply(this, args);
      },
  );
}

/** The library tells each request how many it made before. */
function countAttempt(about: { retryCount?: unknown } | undefined): void {
  const span = trace.getActiveSpan();
  if (span && typeof about?.retryCount === "number" && about.retryCount > 0)
    calls.get(span)?.set(() => ({ "http.request.resend_count": about.retryCount }));
}
