/** The runs of LangChain that are under way: which span each has, and the context that its code runs in. */
import { type Context, context, createContextKey, type SpanKind, trace } from "@opentelemetry/api";
import { type CallAttributes, type CallSpan, startCall } from "./call-span.js";
import { quietly } from "./guard.js";

export type RunKind = "model" | "tool" | "retriever" | "graph" | "node" | "chain";

export type Run = {
  readonly id: string;
  /** the run that it belongs to, hidden or not */
  readonly parent: Run | undefined;
  readonly kind: RunKind;
  readonly name: string;
  /** null: hidden, its children hang on the nearest run above that is not */
  readonly call: CallSpan | null;
  /** false: `call` is the parent's, which it goes on in */
  readonly ownsCall: boolean;
  /** active while its code runs */
  context: Context;
  /** of the metadata, which children inherit */
  readonly inherited: { agent: string | undefined; isCreatedAgent: boolean };
  /** what has been found out about it since it began */
  isAgent: boolean;
  asksForTools: boolean;
  callsModel: boolean;
  isTaken: boolean;
  /** its chunks are seen as they come, before LangChain tells of them */
  isFollowed: boolean;
  /** the start of an answer that may never be complete */
  partial: string;
  /** performance.now() of the last sign of life */
  seen: number;
  openChildren: number;
  isLeft: boolean;
  /** its consumer went away: that what it does is aborted is no failure */
  isBrokenOff: boolean;
  /** why it was given up, where that is a failure */
  failure: { error: unknown } | null;
};

export type RunStart = Pick<Run, "id" | "kind" | "name" | "inherited"> & {
  parent: Run | undefined;
  /** hidden: without a span; taken: goes on in its parent's span */
  shown: "own" | "hidden" | "taken";
  spanName: string;
  spanKind: SpanKind;
  session: string | undefined;
  attributes: () => CallAttributes;
  /** Once nobody can reach it, no end of this run can be told any more. */
  owner: unknown;
};

/** More are only open where ends are not told. */
const most = 10_000;
/** Partial answers are only of use where an answer does not arrive. */
const longestPartial = 256 * 1024;
const open = new Map<string, Run>();
const key = createContextKey("agensight langchain run");
const collected = new FinalizationRegistry<string>((id) => quietly("a run could not be ended", () => leave(id)));

export function openRun(id: unknown): Run | undefined {
  return open.get(id as string);
}

/** Code whose first run is looked for. */
export type Begun = { run: Run | undefined };
const beginning = createContextKey("agensight langchain beginning");

/** Runs `fn`; `begun` gets the run that it begins, also later in the same asynchronous course. */
export function noticing<T>(begun: Begun, fn: () => T): T {
  return context.with(context.active().setValue(beginning, begun), fn);
}

/** The run whose code runs now. */
export function currentRun(): Run | undefined {
  return context.active().getValue(key) as Run | undefined;
}

export function beginRun({ parent, shown, ...start }: RunStart): Run {
  const active = context.active();
  // spans that the program itself started in the parent's code are nearer than the parent
  const base = parent === undefined || parent === currentRun() ? active : parent.context;
  const call = shown === "own" ? beginCall(start, base) : shown === "taken" ? (parent?.call ?? null) : null;
  const run: Run = {
    id: start.id,
    kind: start.kind,
    name: start.name,
    inherited: start.inherited,
    parent,
    call,
    ownsCall: shown === "own",
    context: base,
    isAgent: false,
    asksForTools: false,
    callsModel: false,
    isTaken: false,
    isFollowed: false,
    partial: "",
    seen: performance.now(),
    openChildren: 0,
    isLeft: false,
    isBrokenOff: false,
    failure: null,
  };
  const own = base.setValue(key, run);
  run.context = call && shown === "own" ? trace.setSpan(own, call.span) : own;
  const oldest = open.size >= most ? open.keys().next().value : undefined;
  if (oldest !== undefined) closeRun(oldest, (left) => left.call?.end());
  open.set(run.id, run);
  const begun = active.getValue(beginning) as Begun | undefined;
  if (begun) begun.run ??= run;
  if (parent) {
    parent.openChildren++;
    parent.seen = run.seen;
  }
  if (typeof start.owner === "object" && start.owner !== null) collected.register(start.owner, run.id, run);
  return run;
}

function beginCall(start: Omit<RunStart, "parent" | "shown">, parent: Context): CallSpan {
  const { spanName: name, spanKind: kind, attributes, session } = start;
  return startCall({ name, kind, attributes, parent, session });
}

/** Runs `fn` as part of the run's code. */
export function withinRun<T>(run: Run, fn: () => T): T {
  return context.with(run.context, fn);
}

/** Notes a chunk of the run's streamed answer. */
export function addChunk(run: Run, text: unknown): void {
  run.call?.chunk();
  run.seen = performance.now();
  if (typeof text === "string" && run.partial.length < longestPartial) run.partial += text;
}

/** Forgets the run; `end` gets it where it has a span of its own to end. */
export function closeRun(id: string, end: (run: Run & { call: CallSpan }) => void): void {
  const run = open.get(id);
  if (!run) return;
  open.delete(id);
  collected.unregister(run);
  if (!run.isLeft) run.seen = performance.now();
  if (run.call && run.ownsCall) end(run as Run & { call: CallSpan });
  const { parent } = run;
  if (!parent) return;
  parent.openChildren--;
  parent.seen = Math.max(parent.seen, run.seen);
  if (parent.isLeft) leave(parent.id);
}

/** Ends a run that was given up, as of `at` (default: the last sign of life), once nothing in it is under way. */
export function leave(id: string, at?: number): void {
  const run = open.get(id);
  if (!run) return;
  run.isLeft = true;
  run.seen = at ?? run.seen;
  if (run.openChildren > 0) return;
  closeRun(id, ({ call, seen, failure }) => {
    if (failure) call.fail(failure.error);
    else call.end(() => cancelledAnswer(run), seen);
  });
}

/** Of a stream that its consumer broke off. */
export function cancelledAnswer(run: Run): CallAttributes {
  const isStream = run.kind === "model" || run.isBrokenOff;
  return isStream ? { ...partialAnswer(run), "agensight.stream.end": "cancelled" } : {};
}

/** Whether the consumer of the run, or of one that it is a part of, went away. */
export function isBrokenOff(run: Run): boolean {
  return run.isBrokenOff || (run.parent !== undefined && isBrokenOff(run.parent));
}

/** What had been streamed of an answer that was not completed. */
export function partialAnswer({ partial }: Run): CallAttributes {
  if (partial === "") return {};
  return { "gen_ai.output.messages": [{ role: "assistant", parts: [{ type: "text", content: partial }] }] };
}
