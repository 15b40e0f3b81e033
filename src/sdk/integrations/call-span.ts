/** The span of one call of a library, from the request to the last streamed chunk, by whatever way it ends. */
import { type Attributes, context, INVALID_SPAN_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import { beforeExit } from "../process-exit.js";
import { failSpan } from "../span.js";
import { quietly } from "./guard.js";

/** undefined and null are left out; objects and lists of objects are kept as JSON text. */
export type CallAttributes = Record<string, unknown>;

export type CallSpan = {
  readonly span: Span;
  /** false: nobody records, so that reading requests and responses would be for nothing. */
  readonly isRecording: boolean;
  /** Runs `fn` with this span as the parent of what it starts. What `fn` throws comes out unchanged. */
  within<T>(fn: () => T): T;
  /** Never throws, nor do the others. `read` is run only where somebody records. */
  set(read: () => CallAttributes): void;
  /** Notes a chunk of a stream; the first one is the time to first chunk. */
  chunk(): void;
  /**
   * Ends the span; what is set or ended afterwards is ignored. `read`: last attributes; `at`: when it ended, on the
   * clock of `performance.now()`, where that is not now.
   */
  end(read?: () => CallAttributes, at?: number): void;
  /** Ends it with status ERROR and `error.type`. */
  fail(error: unknown, read?: () => CallAttributes): void;
  /**
   * Calls `end`, which has to end the call, when nobody can reach `held` any more or the program ends before the call does.
   * `end` must not hold `held`. The last one counts.
   */
  whenLeft(held: object, end: () => void): void;
  readonly ended: boolean;
};

/** Runs what it holds for an object when nobody can reach that any more. */
export const unreachable = new FinalizationRegistry<() => void>((end) => quietly("a span could not be ended", end));

export type CallOptions = {
  /** the span's name: operation and model, tool or agent */
  name: string;
  kind?: SpanKind;
  attributes: () => CallAttributes;
  /** default: the active context */
  parent?: ReturnType<typeof context.active>;
  /** The session that the call names itself; default: that of its surroundings. */
  session?: string | undefined;
};

/** Never throws. A call that is still open when the program ends is ended then. */
export function startCall({
  name,
  kind = SpanKind.CLIENT,
  attributes,
  parent = context.active(),
  session,
}: CallOptions): CallSpan {
  // from the start on: what has no session then may be given one
  const first = session === undefined ? {} : { "session.id": session, "gen_ai.conversation.id": session };
  const start = () => trace.getTracer("agensight").startSpan(name, { kind, attributes: first }, parent);
  const span = quietly("a span could not be started", start) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const isRecording = span.isRecording();
  const active = trace.setSpan(parent, span);
  const startedAt = performance.now();
  let chunks = 0;
  let ended = false;
  let left = () => call.end();
  const forget = isRecording ? beforeExit(() => quietly("a span could not be ended", left)) : () => {};

  function set(read: () => CallAttributes): void {
    if (!ended && isRecording) quietly("a call was not read", () => span.setAttributes(recordable(read())));
  }
  function close(read: (() => CallAttributes) | undefined, last: () => void): void {
    if (ended) return;
    if (read) set(read);
    if (chunks > 0) set(() => ({ "agensight.stream.chunks": chunks }));
    ended = true;
    forget();
    unreachable.unregister(call);
    quietly("a span could not be ended", last);
  }

  const call: CallSpan = {
    span,
    isRecording,
    within: (fn) => context.with(active, fn),
    set,
    chunk() {
      if (chunks++ > 0) return;
      set(() => ({ "gen_ai.response.time_to_first_chunk": (performance.now() - startedAt) / 1000 }));
    },
    end: (read, at) => close(read, () => span.end(at)),
    fail: (error, read) => close(read, () => failSpan(span, error)),
    whenLeft(held, end) {
      if (ended || !isRecording) return;
      left = end;
      unreachable.unregister(call);
      unreachable.register(held, end, call);
    },
    get ended() {
      return ended;
    },
  };
  set(attributes);
  return call;
}

/** undefined and null left out, everything else as OpenTelemetry takes it. */
export function recordable(values: CallAttributes): Attributes {
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    const plain =
      typeof value !== "object" || (Array.isArray(value) && value.every((item) => typeof item === "string"));
    attributes[key] = plain ? (value as string) : JSON.stringify(value);
  }
  return attributes;
}
