/** Runs of workflows of LlamaIndex: from the first step until no step is at work any more. */
import { type Context, context, createContextKey, SpanKind } from "@opentelemetry/api";
import { asFields } from "../../model/read-part.js";
import { type CallAttributes, type CallSpan, startCall } from "./call-span.js";
import { quietly } from "./guard.js";
import { json } from "./llamaindex-messages.js";
import { type Foreign, found, isActive, type Undo } from "./llamaindex-trace.js";
import { replaceMethod } from "./replace-method.js";

/** What a workflow says of its runs; a workflow of the program's own has its steps as spans instead. */
export type WorkflowKind = {
  name: string;
  /** of the first event's data */
  input(data: unknown): CallAttributes;
  /** of the data of the last event that a step returned */
  output(data: unknown): CallAttributes;
};

export type Run = {
  readonly call: CallSpan;
  readonly kind: WorkflowKind | null;
  /** Where a step runs, when it has no span of its own. */
  inside: Context;
  /** Called before the run's own span ends. */
  onEnd: (failure: { error: unknown } | null) => void;
};

const runKey = createContextKey("agensight.llamaindex.run");

/** The run whose step is at work. */
export function activeRun(): Run | undefined {
  return context.active().getValue(runKey) as Run | undefined;
}

/** `HandlerContext` of @llamaindex/workflow-core. */
type Step = {
  handler: { name: string };
  inputs: Foreign[];
  inputEvents: Foreign[];
  outputs: Foreign[];
  /** set while the handler runs, when it is asynchronous; resolves when the event that it returned has been sent */
  pending: Promise<unknown> | null;
  /** what a handler throws before it returns goes to one of the two */
  abortController: AbortController;
  root: { abortController: AbortController };
};
/** The root `WorkflowContext`: one for each run. */
type Root = { __internal__call_context: { subscribe(step: (step: Step, next: (step: Step) => void) => void): void } };

type OpenRun = Run & { atWork: number; failure: { error: unknown } | null; last: unknown };

const runs = new WeakMap<object, OpenRun>();
const watched = new WeakSet<object>();

/** `workflow` makes a context for each run; its steps are observed the way the library's own middleware does it. */
export function watchWorkflow(workflow: object, kind: WorkflowKind | null): Undo[] {
  return found(
    replaceMethod(workflow, "createContext", (original) => {
      return function (this: Foreign, ...args) {
        const root = original.apply(this, args);
        if (isActive()) quietly("a workflow could not be observed", () => watch(root, kind));
        return root;
      };
    }),
  );
}

function watch(root: Root, kind: WorkflowKind | null): void {
  if (watched.has(root)) return;
  watched.add(root);
  root.__internal__call_context.subscribe((step, next) => observeStep(root, kind, step, () => next(step)));
}

/**
 * Workflows are made by functions that cannot be patched, but each step runs in two of the library's async variables:
 * in its own context first, then in the context of the workflow, which inherits from that of the run.
 */
export function patchVariable(prototype: object): Undo[] {
  let current: Step | undefined;
  return found(
    replaceMethod(prototype, "run", (original) => {
      return function (this: Foreign, value: Foreign, fn: () => Foreign) {
        const run = () => original.call(this, value, fn);
        if (!isActive()) return run();
        if (Array.isArray(value?.inputEvents) && typeof value.handler === "function") {
          const outer = current;
          current = value;
          try {
            return run();
          } finally {
            current = outer;
          }
        }
        const step = current;
        const root = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : null;
        if (!step || !root?.__internal__call_context || watched.has(root)) return run();
        return observeStep(root, null, step, run);
      };
    }),
  );
}

/** `proceed` calls the handler. The handler itself stays untouched, because middleware knows handlers by their identity. */
function observeStep<T>(root: object, kind: WorkflowKind | null, step: Step, proceed: () => T): T {
  const run = quietly("a workflow could not be observed", () => openRun(root, kind, step));
  if (!run?.call.isRecording) return proceed();
  const call = run.kind
    ? null
    : startCall({
        name: stepName(step),
        kind: SpanKind.INTERNAL,
        attributes: () => ({ "input.value": json(dataOf(step.inputs[0])) }),
        parent: run.inside,
      });
  call?.whenLeft(step, endOf(call));
  const wasAborted = step.root.abortController.signal.aborted;
  run.atWork++;
  const result = call ? call.within(proceed) : context.with(run.inside, proceed);
  quietly("a step could not be observed", () => {
    if (step.pending instanceof Promise) {
      // replaced, not listened to: a rejection that nobody handles stays one
      step.pending = step.pending.then(
        (event) => {
          done(event);
          return event;
        },
        (error) => {
          failed(error);
          throw error;
        },
      );
      return;
    }
    const aborted = [step, ...(wasAborted ? [] : [step.root])].find(
      ({ abortController }) => abortController.signal.aborted,
    );
    if (aborted) failed(aborted.abortController.signal.reason);
    else done(step.outputs.at(-1));
  });
  return result;

  function done(event: unknown): void {
    call?.end(() => ({ "output.value": json(dataOf(event)) }));
    if (event !== undefined) run!.last = event;
    left();
  }
  function failed(error: unknown): void {
    call?.fail(error);
    run!.failure ??= { error };
    left();
  }
  function left(): void {
    if (--run!.atWork === 0) closeRun(run!);
  }
}

function openRun(root: object, kind: WorkflowKind | null, step: Step): OpenRun {
  const known = runs.get(root);
  if (known && !known.call.ended) return known;
  const name = kind?.name ?? labelOf(step);
  const call = startCall({
    name: name ? `invoke_workflow ${name}` : "invoke_workflow",
    kind: SpanKind.INTERNAL,
    attributes: () => ({
      "gen_ai.operation.name": "invoke_workflow",
      "gen_ai.workflow.name": name,
      ...kind?.input(dataOf(step.inputs[0])),
    }),
  });
  const run: OpenRun = {
    call,
    kind,
    inside: context.active(),
    onEnd: nothing,
    atWork: 0,
    failure: null,
    last: undefined,
  };
  run.inside = call.within(() => context.active()).setValue(runKey, run);
  runs.set(root, run);
  // one that waits for ever is over when nobody can send it anything
  call.whenLeft(root, leaveRun(run));
  return run;
}

/** One made inside of a function would hold the run's first step. */
function nothing(): void {}

/** Closures that hold nothing of the library's. */
function leaveRun(run: OpenRun): () => void {
  return () => closeRun(run);
}

function endOf(call: CallSpan): () => void {
  return () => call.end();
}

function closeRun(run: OpenRun): void {
  quietly("a workflow's end was not recorded", () => run.onEnd(run.failure));
  const output = () => run.kind?.output(dataOf(run.last)) ?? {};
  if (run.failure) run.call.fail(run.failure.error);
  else run.call.end(output);
}

function dataOf(event: unknown): unknown {
  return asFields(event)?.data;
}

function stepName(step: Step): string {
  return `step ${step.handler.name || (labelOf(step) ?? "handler")}`;
}

/** Events without a label of their own have a number. */
function labelOf({ inputEvents }: Step): string | undefined {
  const label = inputEvents[0]?.debugLabel;
  return typeof label === "string" && !/^\d+$/.test(label) ? label : undefined;
}
