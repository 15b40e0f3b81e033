/** Which spans of a trace are calls, so that each model call, embedding and tool execution counts once. */
import type { Derived, DeriveSpan } from "./derive.js";
import { isSameModel } from "./same-model.js";
import type { TraceOrder } from "./trace-order.js";

/** Sets `counted` and `call` of all spans; the rules are in the comment of `deriveTrace`. */
export function countCalls(spans: readonly DeriveSpan[], order: TraceOrder, derived: Derived[]): void {
  countNested(spans, order, derived);
  mergeResponses(spans, derived);
  countLoneUsage(spans, order, derived);
}

type CallKind = "llm" | "embedding" | "tool";

function callKind(span: DeriveSpan): CallKind | null {
  return span.kind === "llm" || span.kind === "embedding" || span.kind === "tool" ? span.kind : null;
}

function hasUsage(span: DeriveSpan): boolean {
  return (span.input_tokens ?? 0) + (span.output_tokens ?? 0) > 0;
}

function countNested(spans: readonly DeriveSpan[], { order, parent }: TraceOrder, derived: Derived[]): void {
  const count = spans.length;
  /** the nearest call above through spans that are nothing of their own; what `outer` repeats, or -1 */
  const nearest = new Int32Array(count).fill(-1);
  const outer = new Int32Array(count).fill(-1);
  const isRepeated = new Uint8Array(count);
  for (const i of order) {
    const above = parent[i] as number;
    if (above < 0) continue;
    const span = spans[i] as DeriveSpan;
    const parentSpan = spans[above] as DeriveSpan;
    const isTransparent = parentSpan.kind === "other" || parentSpan.kind === "workflow";
    const call = callKind(parentSpan) !== null ? above : isTransparent ? (nearest[above] as number) : -1;
    nearest[i] = call;
    if (call >= 0 && isSameCall(spans[call] as DeriveSpan, span)) {
      outer[i] = call;
      isRepeated[call] = 1;
    }
  }
  // bottom-up: does the call, or one that repeats it further in, carry usage?
  const isCarried = new Uint8Array(count);
  const isCarriedBelow = new Uint8Array(count);
  for (let at = count - 1; at >= 0; at--) {
    const i = order[at] as number;
    if (hasUsage(spans[i] as DeriveSpan) || isCarriedBelow[i] === 1) {
      isCarried[i] = 1;
      if ((outer[i] as number) >= 0) isCarriedBelow[outer[i] as number] = 1;
    }
  }
  // top-down: the innermost that carries usage is the call; where none does, the innermost
  const isCovered = new Uint8Array(count);
  for (const i of order) {
    const span = spans[i] as DeriveSpan;
    const kind = callKind(span);
    if (kind === null) continue;
    const by = outer[i] as number;
    const outerCounts = by >= 0 && (isCovered[by] === 1 || (derived[by] as Derived).counted);
    if (outerCounts) isCovered[i] = 1;
    else if (isRepeated[i] === 0 || (isCarriedBelow[i] === 0 && isCarried[i] === 1))
      countAs(derived[i] as Derived, kind);
  }
}

function countAs(derived: Derived, call: CallKind): void {
  derived.counted = true;
  derived.call = call;
}

function isSameCall(outer: DeriveSpan, inner: DeriveSpan): boolean {
  if (outer.kind !== inner.kind) return false;
  if (outer.duration_us !== null && inner.start_us > outer.start_us + outer.duration_us) return false;
  if (outer.kind === "tool") return outer.tool !== null && outer.tool === inner.tool;
  const isSameUsage =
    hasUsage(outer) && outer.input_tokens === inner.input_tokens && outer.output_tokens === inner.output_tokens;
  if (isSameUsage) return true;
  if (outer.response_id !== null && inner.response_id !== null) return outer.response_id === inner.response_id;
  return !hasUsage(outer) || outer.model === null || inner.model === null || isSameModel(outer.model, inner.model);
}

/** Of counted model calls with one response id the one with usage stays, else the first. */
function mergeResponses(spans: readonly DeriveSpan[], derived: Derived[]): void {
  const kept = new Map<string, number>();
  for (let i = 0; i < spans.length; i++) {
    const span = spans[i] as DeriveSpan;
    if (span.response_id === null || span.kind === "tool" || !(derived[i] as Derived).counted) continue;
    const key = `${span.kind} ${span.response_id}`;
    const known = kept.get(key);
    const drop = known === undefined ? -1 : !hasUsage(spans[known] as DeriveSpan) && hasUsage(span) ? known : i;
    if (drop !== i) kept.set(key, i);
    if (drop >= 0) Object.assign(derived[drop] as Derived, { counted: false, call: null });
  }
}

/** Usage that only an agent or workflow reports would be lost. */
function countLoneUsage(spans: readonly DeriveSpan[], { order, parent }: TraceOrder, derived: Derived[]): void {
  const hasCall = new Uint8Array(spans.length);
  const isReported = new Uint8Array(spans.length);
  for (let at = spans.length - 1; at >= 0; at--) {
    const i = order[at] as number;
    const span = spans[i] as DeriveSpan;
    const own = derived[i] as Derived;
    if (span.kind === "llm") {
      if (own.counted) hasCall[i] = 1;
      if (hasUsage(span)) isReported[i] = 1;
    } else if ((span.kind === "agent" || span.kind === "workflow") && isReported[i] === 0 && hasUsage(span)) {
      own.counted = true;
      own.call = hasCall[i] === 1 ? null : "llm";
      isReported[i] = 1;
      hasCall[i] = 1;
    }
    const above = parent[i] as number;
    if (above >= 0) {
      hasCall[above] = (hasCall[above] as number) | (hasCall[i] as number);
      isReported[above] = (isReported[above] as number) | (isReported[i] as number);
    }
  }
}
