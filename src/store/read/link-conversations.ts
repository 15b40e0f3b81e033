/** Which call of a trace continues which, across the places where the store wrote a long conversation out anew. */
import type { Row } from "../engines/engine.js";
import { decodeVarints } from "../varint.js";

/** `ids`: of what the call added to `previous` (a span's row id), or of all where there is none. */
export type Link = { previous: number | null; ids: number[] };

/** Conversations of a trace that are remembered while it is read, latest first. */
const remembered = 8;

/** `rows`: span, prev, items in hex. */
export function linkConversations(rows: readonly Row[]): Map<number, Link> {
  const links = new Map<number, Link>();
  let open: { span: number; ids: number[] }[] = [];
  for (const { span, prev, items } of [...rows].sort((a, b) => a.span - b.span)) {
    const ids = decodeVarints(Buffer.from(items, "hex"));
    const before = open.find((each) => (prev === null ? isBeginning(each.ids, ids) : each.span === prev));
    const previous: number | null = prev ?? before?.span ?? null;
    links.set(span, { previous, ids: prev === null && before ? ids.slice(before.ids.length) : ids });
    if (before) {
      if (prev === null) before.ids = ids;
      else for (const id of ids) before.ids.push(id);
      before.span = span;
      open = [before, ...open.filter((each) => each !== before)];
    } else if (prev === null) open = [{ span, ids: [...ids] }, ...open].slice(0, remembered);
  }
  return links;
}

/** The last ones differ most often. */
function isBeginning(ids: readonly number[], of: readonly number[]): boolean {
  if (ids.length === 0 || ids.length > of.length) return false;
  for (let i = ids.length - 1; i >= 0; i--) if (ids[i] !== of[i]) return false;
  return true;
}
