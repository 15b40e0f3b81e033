/** Parts of prompts as answers name them. */
import type { CarriedPart, ContextPart } from "../context.js";
import { firstIndex } from "../first-index.js";
import { plural } from "../format.js";
import { nameOf, type Phrase, phrase } from "../phrase.js";
import type { Carried } from "./carried.js";
import type { Call, Thread } from "./contexts.js";
import type { Unit } from "./units.js";

/** Parts from this share on have a line of their own; the others are summed up by origin. */
const ownLine = 0.05;

export function unitLabel({ origin, tool, heard }: Unit): Phrase {
  switch (origin) {
    case "tools":
      return phrase`tool definitions`;
    case "system":
      return phrase`system instructions`;
    case "tool_result":
      return tool === null ? phrase`a tool's result` : phrase`result of ${nameOf(tool)}`;
    case "user":
      return heard?.message.role === "user"
        ? phrase`user message`
        : phrase`${nameOf(heard?.message.role ?? "user")} message`;
    case "assistant":
      return phrase`assistant message`;
    case "reasoning":
      return phrase`reasoning`;
    case "media":
      return phrase`media`;
    case "unrecorded":
      return phrase`not recorded`;
  }
}

const severalNames = {
  tools: "tool definition",
  system: "system message",
  user: "user message",
  assistant: "assistant message",
  reasoning: "reasoning",
  tool_result: "tool result",
  media: "media",
  unrecorded: "not recorded",
} as const;

export type Piece = { unit: Unit; tokens: number; message: number | null };

/** All of a prompt; `message`: its index. */
export function piecesOf(call: Call, unrecorded: Unit): Piece[] {
  const pieces: Piece[] = [];
  if (call.head.tools) pieces.push({ unit: call.head.tools, tokens: call.tools_tokens, message: null });
  if (call.head.system) pieces.push({ unit: call.head.system, tokens: call.system_tokens, message: null });
  if (call.unrecorded_tokens > 0) pieces.push({ unit: unrecorded, tokens: call.unrecorded_tokens, message: null });
  for (let message = 0; message < call.messages; message++) pieces.push(...messagePieces(call, message));
  return pieces;
}

export function messagePieces({ thread }: Call, message: number): Piece[] {
  const pieces: Piece[] = [];
  const start = message === 0 ? 0 : (thread.ends[message - 1] as number);
  for (let i = start; i < (thread.ends[message] as number); i++)
    pieces.push({ unit: thread.units[i] as Unit, tokens: thread.tokens[i] as number, message });
  return pieces;
}

/** Largest first; small ones of one origin in one line. `total`: what shares are of. */
export function partsOf(pieces: readonly Piece[], total: number): ContextPart[] {
  const parts: ContextPart[] = [];
  const rest = new Map<Unit["origin"], Piece[]>();
  for (const piece of pieces) {
    if (piece.tokens >= total * ownLine) parts.push(partOf([piece], total));
    else {
      const some = rest.get(piece.unit.origin);
      if (some) some.push(piece);
      else rest.set(piece.unit.origin, [piece]);
    }
  }
  for (const some of rest.values()) parts.push(partOf(some, total));
  return parts.filter((part) => part.tokens > 0).sort((a, b) => b.tokens - a.tokens);
}

/** Of one origin. */
function partOf(pieces: readonly Piece[], total: number): ContextPart {
  const [{ unit, message }] = pieces as [Piece];
  const alone = pieces.length === 1;
  const tokens = pieces.reduce((sum, piece) => sum + piece.tokens, 0);
  return {
    origin: unit.origin,
    label: alone ? unitLabel(unit) : severalLabel(unit.origin, pieces.length),
    span_id: alone ? (unit.span?.span_id ?? null) : null,
    message: alone && message !== null ? message + 1 : null,
    count: pieces.length,
    tokens,
    share: shareOf(tokens, total),
  };
}

function severalLabel(origin: Unit["origin"], n: number): Phrase {
  if (origin === "reasoning" || origin === "media" || origin === "unrecorded") return phrase`${severalNames[origin]}`;
  return phrase`${plural(n, severalNames[origin])}`;
}

/** Everything of one origin in many prompts. */
export function originParts(calls: readonly Call[], carried: readonly Carried[]): ContextPart[] {
  const total = calls.reduce((sum, call) => sum + call.total, 0);
  const byOrigin = new Map<Unit["origin"], { tokens: number; count: number; unit: Unit }>();
  for (const { unit, total_tokens } of carried) {
    const known = byOrigin.get(unit.origin) ?? { tokens: 0, count: 0, unit };
    byOrigin.set(unit.origin, { unit, tokens: known.tokens + total_tokens, count: known.count + 1 });
  }
  const parts = Array.from(
    byOrigin,
    ([origin, { tokens, count, unit }]): ContextPart => ({
      origin,
      label: count === 1 || origin === "tools" || origin === "system" ? unitLabel(unit) : severalLabel(origin, count),
      span_id: null,
      message: null,
      count,
      tokens,
      share: shareOf(tokens, total),
    }),
  );
  return parts.sort((a, b) => b.tokens - a.tokens);
}

export function carriedPart(carried: Carried, total: number): CarriedPart {
  const { unit, last, first, place } = carried;
  return {
    origin: unit.origin,
    label: unitLabel(unit),
    span_id: unit.span?.span_id ?? null,
    message: place === null ? null : messageAt(last.thread, place) + 1,
    tokens: carried.tokens,
    share: shareOf(carried.total_tokens, total),
    calls: carried.calls,
    total_tokens: carried.total_tokens,
    resent_tokens: carried.total_tokens - carried.first_tokens,
    total_usd: carried.total_usd,
    first_span_id: first.step.span_id,
    last_span_id: last.step.span_id,
  };
}

/** Index of the message that the unit is part of. */
function messageAt({ ends }: Thread, unit: number): number {
  return firstIndex(ends, (end) => end > unit);
}

export function shareOf(tokens: number, total: number): number {
  return total > 0 ? Math.round((tokens / total) * 10_000) / 10_000 : 0;
}
