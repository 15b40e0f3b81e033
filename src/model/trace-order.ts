/** The order in which a trace's spans can be walked from parents to children, whatever their ids say. */

export type LinkedSpan = { span_id: string; parent_span_id: string | null };

export type TraceOrder = {
  /** index of the parent, -1 on roots */
  parent: Int32Array;
  /** indexes, every parent before its children */
  order: Int32Array;
};

/** Cuts cycles and self-parents; of spans with the same id the first one is the parent of their children. Linear. */
export function orderTopDown(spans: readonly LinkedSpan[]): TraceOrder {
  const count = spans.length;
  const byId = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const id = (spans[i] as LinkedSpan).span_id;
    if (!byId.has(id)) byId.set(id, i);
  }
  const parent = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const id = (spans[i] as LinkedSpan).parent_span_id;
    const found = id === null ? undefined : byId.get(id);
    parent[i] = found === undefined || found === i ? -1 : found;
  }
  const order = new Int32Array(count);
  // 0 not seen, 1 on the path being walked, 2 placed
  const state = new Uint8Array(count);
  const path = new Int32Array(count);
  let placed = 0;
  for (let i = 0; i < count; i++) {
    let depth = 0;
    for (let at = i; at >= 0 && state[at] !== 2; at = parent[at] as number) {
      if (state[at] === 1) {
        // a cycle: the span whose parent closes it becomes a root
        parent[path[depth - 1] as number] = -1;
        break;
      }
      state[at] = 1;
      path[depth++] = at;
    }
    while (depth > 0) {
      const at = path[--depth] as number;
      state[at] = 2;
      order[placed++] = at;
    }
  }
  return { parent, order };
}
