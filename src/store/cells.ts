/** The columns of a trace's spans that totals, rollups and the derivation work on, with texts in place of string ids. */
import { type Derived, type DeriveSpan, deriveTrace } from "../model/derive.js";
import { type Failure, failures } from "../model/failures.js";
import { type SpanKind, spanKinds } from "../model/kind.js";
import type { Engine, Row, SqlValue } from "./engines/engine.js";
import type { Strings } from "./strings.js";

export type Cell = {
  id: number;
  /** hex */
  span_id: string;
  parent_span_id: string | null;
  /** 0 ended, 1 running, 2 abandoned */
  state: number;
  name: string;
  kind: SpanKind;
  start_us: number;
  duration_us: number | null;
  /** 0 unset, 1 ok, 2 error */
  status: number;
  service: string | null;
  /** of the service */
  version: string | null;
  provider: string | null;
  request_model: string | null;
  response_model: string | null;
  /** a hash: enough to compare */
  response_hash: number | null;
  own_agent: string | null;
  own_session: string | null;
  user: string | null;
  tool: string | null;
  input_tokens: number | null;
  cached_tokens: number | null;
  cache_write_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  cost_usd: number | null;
  /** hash of the failure's fingerprint; null = it did not fail */
  error_key: number | null;
  /** hash of a model call's instructions */
  prompt: number | null;
  /** derived */
  agent: string | null;
  session: string | null;
  counted: boolean;
  call: Derived["call"];
  failure: Failure | null;
};

/** What `readCell` reads, beside the columns that every reading of a span has. */
export const moreCellColumns =
  "s.state, s.kind, s.status, r.service, r.version, " +
  "s.provider, s.request_model, s.response_model, s.response_hash, s.own_agent, s.own_session, s.user, s.tool, s.input_tokens, s.cached_tokens, " +
  "s.cache_write_tokens, s.output_tokens, s.reasoning_tokens, s.cost_usd, s.error_key, s.prompt, s.agent, s.session, s.counted, s.call, s.failure";
const cellColumns = `s.id, hex(s.span_id) AS span_id, hex(s.parent_id) AS parent_id, s.name, s.start_us, s.duration_us, ${moreCellColumns}`;
const cellTables = "span s JOIN resource r ON r.id = s.resource";

export function readCell(row: Row, strings: Strings): Cell {
  return {
    id: row.id,
    span_id: row.span_id.toLowerCase(),
    parent_span_id: row.parent_id ? row.parent_id.toLowerCase() : null,
    state: row.state,
    name: strings.text(row.name) ?? "",
    kind: spanKinds[row.kind] ?? "other",
    start_us: row.start_us,
    duration_us: row.duration_us,
    status: row.status,
    service: strings.text(row.service),
    version: strings.text(row.version),
    provider: strings.text(row.provider),
    request_model: strings.text(row.request_model),
    response_model: strings.text(row.response_model),
    response_hash: row.response_hash,
    own_agent: strings.text(row.own_agent),
    own_session: strings.text(row.own_session),
    user: strings.text(row.user),
    tool: strings.text(row.tool),
    input_tokens: row.input_tokens,
    cached_tokens: row.cached_tokens,
    cache_write_tokens: row.cache_write_tokens,
    output_tokens: row.output_tokens,
    reasoning_tokens: row.reasoning_tokens,
    cost_usd: row.cost_usd,
    error_key: row.error_key,
    prompt: row.prompt,
    agent: strings.text(row.agent),
    session: strings.text(row.session),
    counted: row.counted === 1,
    call: row.call === null ? null : (spanKinds[row.call] as Derived["call"]),
    failure: failureOf(row.failure),
  };
}

/** Of the code in the column. */
export function failureOf(code: number | null): Failure | null {
  return code === null ? null : (failures[code] ?? null);
}

export function failureCode(failure: Failure | null): number | null {
  return failure === null ? null : failures.indexOf(failure);
}

export function loadCells(engine: Engine, strings: Strings, trace: number): Cell[] {
  return engine
    .all(`SELECT ${cellColumns} FROM ${cellTables} WHERE s.trace = ?`, [trace])
    .map((row) => readCell(row, strings));
}

/** The model that a call is filed under: the one that answered, else the one asked for. */
export function modelOf(cell: Pick<Cell, "response_model" | "request_model">): string | null {
  return cell.response_model ?? cell.request_model;
}

/** Whether the span failed. */
export function isError(cell: Pick<Cell, "status">): boolean {
  return cell.status === 2;
}

/** Whether its tokens and cost count: calls to models, and agents that alone report the usage of their calls. */
export function hasUsage(cell: Pick<Cell, "call" | "counted">): boolean {
  return cell.counted && cell.call !== "tool";
}

/** The kind that a span is filed under in usage: what it counts as, else what it is. */
export function usageKind(cell: Pick<Cell, "kind" | "call" | "counted">): SpanKind {
  return cell.call ?? (cell.counted ? "llm" : cell.kind);
}

/** The columns that a new derivation may change, for an UPDATE by id. */
export const derivedAssignments = "agent = ?, session = ?, counted = ?, call = ?, failure = ?";

export function derivedValues(cell: Cell, strings: Strings): SqlValue[] {
  return [
    strings.id(cell.agent),
    strings.id(cell.session),
    cell.counted ? 1 : 0,
    cell.call === null ? null : spanKinds.indexOf(cell.call),
    failureCode(cell.failure),
  ];
}

/** Sets what is derived on all cells of a trace; returns the cells that changed. */
export function deriveCells(cells: Cell[]): Cell[] {
  const derived: Derived[] = deriveTrace(
    cells.map(
      (cell): DeriveSpan => ({
        span_id: cell.span_id,
        parent_span_id: cell.parent_span_id,
        kind: cell.kind,
        start_us: cell.start_us,
        duration_us: cell.duration_us,
        is_error: isError(cell),
        provider: cell.provider,
        model: modelOf(cell),
        response_id: cell.response_hash === null ? null : String(cell.response_hash),
        agent: cell.own_agent,
        tool: cell.tool,
        session_id: cell.own_session,
        input_tokens: cell.input_tokens,
        output_tokens: cell.output_tokens,
        cost_usd: cell.cost_usd,
      }),
    ),
  );
  const changed: Cell[] = [];
  for (const [index, cell] of cells.entries()) {
    const { agent, session_id, counted, call, failure } = derived[index] as Derived;
    if (
      cell.agent === agent &&
      cell.session === session_id &&
      cell.counted === counted &&
      cell.call === call &&
      cell.failure === failure
    )
      continue;
    cell.agent = agent;
    cell.session = session_id;
    cell.counted = counted;
    cell.call = call;
    cell.failure = failure;
    changed.push(cell);
  }
  return changed;
}
