/** Writes spans: each batch is one transaction that stores bodies once, derives its traces anew and keeps their totals. */
import type { SpanFacts } from "../model/facts.js";
import { spanKinds } from "../model/kind.js";
import type { OtlpResource, OtlpScope, OtlpSpan } from "../model/otlp.js";
import { openCellCache } from "./cell-cache.js";
import { type Cell, deriveCells, derivedAssignments, derivedValues, hasUsage, isError } from "./cells.js";
import { blockOf, openContentWriter } from "./content.js";
import { openConversationWriter } from "./conversations.js";
import type { Engine, Row, SqlValue } from "./engines/engine.js";
import { insertSparseRows } from "./insert-rows.js";
import { getNumber, setMeta } from "./meta.js";
import { shortHash } from "./short-hash.js";
import { encodeSpan } from "./span-body.js";
import { openStrings } from "./strings.js";
import { type Moment, readNano } from "./time.js";
import { openTraceRows } from "./trace-row.js";
import { addKnown, isUnpriced, traceTotals } from "./trace-totals.js";
import { openUsageRollup } from "./usage-rollup.js";

/** A span on its way in: as it came, what the normaliser read out of it, and its price. */
export type SpanWrite = {
  span: OtlpSpan;
  resource: { body: { resource?: OtlpResource; schemaUrl?: string }; service: string | null };
  scope: { scope?: OtlpScope; schemaUrl?: string };
  facts: SpanFacts;
  /** USD; null = unpriced */
  cost_usd: number | null;
};

export type LogWrite = {
  trace_id: string;
  span_id: string;
  time_us: number;
  resource: SpanWrite["resource"];
  scope: SpanWrite["scope"];
  /** JSON: what the record says as messages */
  messages: string;
  /** JSON: the record itself */
  body: string;
};

/** Traces up to this size are derived anew with every batch; larger ones when they doubled, and when they settle. */
const alwaysDerived = 2000;
/** Beyond it a trace's spans keep what they say of themselves: deriving would take more memory than it is worth. */
export const largestDerived = 200_000;

const spanColumns =
  "id, trace, span_id, parent_id, seq, state, name, kind, start_us, duration_us, ns, status, resource, scope, provider, request_model, response_model, " +
  "own_agent, agent, own_session, session, user, tool, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_usd, " +
  "counted, call, response_hash, error_type, error_message, first_token_us, body";
const spanColumnNames = spanColumns.split(", ");

export type SpanWriter = ReturnType<typeof openSpanWriter>;

export function openSpanWriter(engine: Engine, options: { redact?: (text: string) => string } = {}) {
  const redact = options.redact ?? ((text: string) => text);
  const strings = openStrings(engine);
  const content = openContentWriter(engine);
  const conversations = openConversationWriter(engine, content, redact);
  const traceRows = openTraceRows(engine, strings, () => Date.now() * 1000);
  const usage = openUsageRollup(engine, strings);
  const cache = openCellCache(engine, strings);
  const interned = {
    resource: new Map<string, number>(),
    scope: new Map<string, number>(),
    shape: new Map<string, number>(),
  };
  /** the JSON of resources and scopes that come by reference again and again */
  let bodies = new WeakMap<object, number>();
  let generation = -1;
  let seq = 0;
  let nextSpan = 0;

  /** One transaction; everything remembered is forgotten when it fails. */
  function transact<T>(work: () => T): T {
    try {
      return engine.transaction(() => {
        const now = getNumber(engine, "pruned_generation");
        if (now !== generation) forget();
        generation = now;
        content.begin();
        cache.begin();
        const before = getNumber(engine, "seq");
        seq = before;
        nextSpan = Number(engine.get("SELECT coalesce(max(id), 0) + 1 AS next FROM span")?.next);
        const result = work();
        content.finish();
        conversations.finish();
        usage.finish();
        traceRows.finish();
        if (seq !== before) setMeta(engine, "seq", seq);
        return result;
      });
    } catch (error) {
      forget();
      throw error;
    }
  }
  function forget(): void {
    strings.forget();
    cache.forget();
    content.rollback();
    conversations.rollback();
    traceRows.rollback();
    usage.rollback();
    for (const cache of Object.values(interned)) cache.clear();
    bodies = new WeakMap();
  }

  function intern(table: "resource" | "scope" | "shape", text: string, extra?: [string, SqlValue]): number {
    const cache = interned[table];
    let id = cache.get(text);
    if (id === undefined) {
      id = engine.get(`SELECT id FROM ${table} WHERE body = ?`, [text])?.id as number | undefined;
      id ??= extra
        ? (engine.get(`INSERT INTO ${table} (body, ${extra[0]}) VALUES (?, ?) RETURNING id`, [text, extra[1]])
            ?.id as number)
        : (engine.get(`INSERT INTO ${table} (body) VALUES (?) RETURNING id`, [text])?.id as number);
      if (cache.size > 10_000) cache.clear();
      cache.set(text, id);
    }
    return id;
  }
  function resourceId(resource: SpanWrite["resource"]): number {
    let id = bodies.get(resource);
    if (id === undefined) {
      id = intern("resource", redact(JSON.stringify(resource.body)), ["service", strings.id(resource.service)]);
      bodies.set(resource, id);
    }
    return id;
  }
  function scopeId(scope: SpanWrite["scope"]): number {
    let id = bodies.get(scope);
    if (id === undefined) {
      id = intern("scope", redact(JSON.stringify(scope)), ["name", strings.id(scope.scope?.name ?? "") ?? 0]);
      bodies.set(scope, id);
    }
    return id;
  }
  const bodyWriter = {
    shape: (text: string) => intern("shape", text),
    put: (text: string) => content.put(text, true),
    redact: options.redact,
  };

  function cellOf(write: SpanWrite, id: number): { cell: Cell; start: Moment; end: Moment | null; reversed: boolean } {
    const { span, facts } = write;
    let end = readNano(span.endTimeUnixNano);
    if (end && end.us === 0 && end.ns === 0) end = null;
    const start = readNano(span.startTimeUnixNano) ?? { us: end?.us ?? 0, ns: end?.ns ?? 0, exact: false };
    const reversed = end !== null && (end.us < start.us || (end.us === start.us && end.ns < start.ns));
    const parent =
      typeof span.parentSpanId === "string" && /^[0-9a-f]{16}$/i.test(span.parentSpanId)
        ? span.parentSpanId.toLowerCase()
        : null;
    const name = (text: string | null) => (text === null ? null : redact(text));
    return {
      start,
      end,
      reversed,
      cell: {
        id,
        span_id: span.spanId.toLowerCase(),
        parent_span_id: parent === "0000000000000000" ? null : parent,
        state: end ? 0 : 1,
        name: redact(typeof span.name === "string" ? span.name : ""),
        kind: facts.kind,
        start_us: start.us,
        duration_us: end ? (reversed ? 0 : end.us - start.us) : null,
        status: span.status?.code === 2 ? 2 : span.status?.code === 1 ? 1 : 0,
        service: write.resource.service,
        provider: facts.provider,
        request_model: facts.request_model,
        response_model: facts.response_model,
        response_hash: facts.response_id === null ? null : shortHash(facts.response_id),
        own_agent: name(facts.agent),
        own_session: name(facts.session_id),
        user: name(facts.user_id),
        tool: name(facts.tool),
        input_tokens: facts.input_tokens,
        cached_tokens: facts.cached_tokens,
        cache_write_tokens: facts.cache_write_tokens,
        output_tokens: facts.output_tokens,
        reasoning_tokens: facts.reasoning_tokens,
        cost_usd: write.cost_usd,
        agent: name(facts.agent),
        session: name(facts.session_id),
        counted: facts.kind === "llm" || facts.kind === "embedding" || facts.kind === "tool",
        call: facts.kind === "llm" || facts.kind === "embedding" || facts.kind === "tool" ? facts.kind : null,
      },
    };
  }

  /** The span's row; its body is stored on the way. */
  function rowOf(
    write: SpanWrite,
    prepared: ReturnType<typeof cellOf>,
    trace: number,
  ): { row: SqlValue[]; bytes: number } {
    const { cell, start, end, reversed } = prepared;
    const { span, facts } = write;
    let conversation: string | null = null;
    let bytes = 120;
    if (facts.input && "key" in facts.input) {
      const { key } = facts.input;
      const raw = span.attributes?.find((attribute) => attribute.key === key)?.value?.stringValue;
      if (typeof raw === "string" && conversations.addRaw(trace, cell.id, raw)) conversation = key;
    } else if (facts.input)
      conversations.addMessages(
        trace,
        cell.id,
        facts.input.messages.map((message) => JSON.stringify(message)),
      );
    const fit = {
      name: cell.name,
      start: start.exact && typeof span.startTimeUnixNano === "string",
      end: end !== null && end.exact && !reversed,
    };
    const body = encodeSpan(bodyWriter, span, facts, fit, conversation);
    bytes += body.length / 4;
    const message =
      facts.error_message === null ? null : redact(facts.error_message).replaceAll("\0", " ").slice(0, 500);
    return {
      bytes,
      row: [
        cell.id,
        trace,
        Buffer.from(cell.span_id, "hex"),
        cell.parent_span_id === null ? null : Buffer.from(cell.parent_span_id, "hex"),
        ++seq,
        cell.state,
        strings.id(cell.name),
        spanKinds.indexOf(cell.kind),
        cell.start_us,
        cell.duration_us,
        start.ns + 1000 * (end?.ns ?? 0),
        cell.status,
        resourceId(write.resource),
        scopeId(write.scope),
        strings.id(cell.provider),
        strings.id(cell.request_model),
        strings.id(cell.response_model),
        strings.id(cell.own_agent),
        strings.id(cell.agent),
        strings.id(cell.own_session),
        strings.id(cell.session),
        strings.id(cell.user),
        strings.id(cell.tool),
        cell.input_tokens,
        cell.cached_tokens,
        cell.cache_write_tokens,
        cell.output_tokens,
        cell.reasoning_tokens,
        cell.cost_usd,
        cell.counted ? 1 : 0,
        cell.call === null ? null : spanKinds.indexOf(cell.call),
        cell.response_hash,
        strings.id(facts.error_type === null ? null : redact(facts.error_type)),
        message,
        facts.first_token_ms === null ? null : Math.round(facts.first_token_ms * 1000),
        content.append(body),
      ],
    };
  }

  function insert(rows: SqlValue[][]): void {
    insertSparseRows(engine, "INSERT OR REPLACE INTO span", spanColumnNames, rows);
  }

  function writeTrace(traceId: string, writes: SpanWrite[]): number {
    const key = Buffer.from(traceId, "hex");
    const old = engine.get("SELECT * FROM trace WHERE trace_id = ?", [key]);
    const size = old?.span_count ?? 0;
    const whole =
      size <= alwaysDerived || (size <= largestDerived && size + writes.length >= 2 * (old?.derived_count ?? 0));
    const before = old && (whole || old.settled) && size <= largestDerived ? cache.load(old.id) : [];
    const known = new Map(before.map((cell) => [cell.span_id, cell]));

    const fresh: { write: SpanWrite; prepared: ReturnType<typeof cellOf> }[] = [];
    const added = new Map<string, number>();
    const replaced = new Set<number>();
    for (const write of writes) {
      const spanId = write.span.spanId.toLowerCase();
      const existing = known.get(spanId) ?? (old && before.length === 0 ? findSpan(spanId, old.id) : undefined);
      const id = existing ? existing.id : nextSpan;
      const prepared = cellOf(write, id);
      // what has ended stays as it was: the same span again changes nothing
      if (existing && (existing.state === 0 || prepared.cell.state === 1)) continue;
      const earlier = added.get(spanId);
      if (earlier !== undefined) {
        const first = fresh[earlier] as (typeof fresh)[number];
        if (first.prepared.cell.state === 0 || prepared.cell.state === 1) continue;
        prepared.cell.id = first.prepared.cell.id;
        fresh[earlier] = { write, prepared };
        continue;
      }
      if (existing) replaced.add(existing.id);
      else nextSpan++;
      added.set(spanId, fresh.length);
      fresh.push({ write, prepared });
    }
    if (fresh.length === 0) return 0;

    if (old?.settled) usage.apply(size <= largestDerived ? before : cache.load(old.id), -1);
    const own = fresh.map(({ prepared }) => prepared.cell);
    const cells = [...before.filter((cell) => !replaced.has(cell.id)), ...own];
    const ownCells = new Set(own);
    let moved: Cell[] = [];
    if (whole) moved = deriveCells(cells).filter((cell) => !ownCells.has(cell));
    else inheritFromParents(own, old?.id);

    let bytes = 0;
    const place = old?.id ?? traceRows.insert(key, traceTotals(cells), 0);
    const rows: SqlValue[][] = [];
    for (const { write, prepared } of fresh) {
      if (replaced.has(prepared.cell.id)) conversations.replace(place, prepared.cell.id);
      const made = rowOf(write, prepared, place);
      rows.push(made.row);
      bytes += made.bytes;
    }
    insert(rows);
    for (const cell of moved) {
      engine.run(`UPDATE span SET ${derivedAssignments} WHERE id = ?`, [...derivedValues(cell, strings), cell.id]);
    }
    const blocks = new Set(content.takeUsedBlocks());
    if (!old) {
      for (const log of engine.all("SELECT id, messages, body FROM log WHERE trace_id = ?", [key])) {
        blocks.add(blockOf(log.messages)).add(blockOf(log.body));
        engine.run("DELETE FROM block_use WHERE trace = ?", [-log.id]);
      }
    }
    useBlocks(place, blocks);
    if (whole || !old) cache.keep(place, cells);
    else cache.drop(place);
    if (!old) engine.run("UPDATE trace SET stored_bytes = ? WHERE id = ?", [bytes, place]);
    else if (whole) traceRows.update(old, traceTotals(cells), cells.length, bytes);
    else addIncrementally(old, own, replaced.size, bytes);
    return fresh.length;
  }

  function useBlocks(trace: number, blocks: Iterable<number>): void {
    for (const block of blocks)
      engine.run("INSERT OR IGNORE INTO block_use (trace, block) VALUES (?, ?)", [trace, block]);
  }

  function findSpan(spanId: string, trace: number): { id: number; state: number } | undefined {
    return engine.get("SELECT id, state FROM span WHERE span_id = ? AND trace = ?", [
      Buffer.from(spanId, "hex"),
      trace,
    ]) as { id: number; state: number } | undefined;
  }

  /** In a very large trace: agent and session of the parent, where it is known already. */
  function inheritFromParents(cells: Cell[], trace: number | undefined): void {
    const byId = new Map(cells.map((cell) => [cell.span_id, cell]));
    for (const cell of [...cells].sort((a, b) => a.start_us - b.start_us)) {
      if (cell.parent_span_id === null || (cell.agent !== null && cell.session !== null)) continue;
      const near = byId.get(cell.parent_span_id);
      const parent =
        near ??
        (trace === undefined
          ? undefined
          : engine.get("SELECT agent, session FROM span WHERE span_id = ? AND trace = ?", [
              Buffer.from(cell.parent_span_id, "hex"),
              trace,
            ]));
      if (!parent) continue;
      cell.agent ??= near ? near.agent : strings.text(parent.agent as number | null);
      cell.session ??= near ? near.session : strings.text(parent.session as number | null);
    }
  }

  /** The totals of a very large trace between two derivations. */
  function addIncrementally(old: Row, cells: Cell[], replacedCount: number, bytes: number): void {
    let { error_count, llm_calls, input_tokens, cached_tokens, output_tokens, cost_usd, unpriced_calls, start_us } =
      old;
    let end = old.duration_us === null ? 0 : old.start_us + old.duration_us;
    for (const cell of cells) {
      if (isError(cell)) error_count++;
      start_us = Math.min(start_us, cell.start_us);
      if (cell.duration_us !== null) end = Math.max(end, cell.start_us + cell.duration_us);
      if (!hasUsage(cell)) continue;
      if (cell.call === "llm") llm_calls++;
      input_tokens = addKnown(input_tokens, cell.input_tokens);
      cached_tokens = addKnown(cached_tokens, cell.cached_tokens);
      output_tokens = addKnown(output_tokens, cell.output_tokens);
      cost_usd = addKnown(cost_usd, cell.cost_usd);
      if (isUnpriced(cell)) unpriced_calls++;
    }
    const batch = traceTotals(cells);
    const root = cells.find((cell) => cell.parent_span_id === null);
    traceRows.update(
      old,
      {
        name: root?.name ?? (strings.text(old.name) as string),
        service: root?.service ?? strings.text(old.service),
        session: strings.text(old.session) ?? batch.session,
        start_us,
        duration_us: end === 0 ? null : end - start_us,
        status: root ? batch.status : old.status,
        span_count: old.span_count + cells.length - replacedCount,
        error_count,
        llm_calls,
        input_tokens,
        cached_tokens,
        output_tokens,
        cost_usd,
        unpriced_calls,
        facets: mergeFacets(old, batch.facets),
      },
      old.derived_count,
      bytes,
    );
  }

  function mergeFacets(
    old: Row,
    found: ReturnType<typeof traceTotals>["facets"],
  ): ReturnType<typeof traceTotals>["facets"] {
    const names = ["", "service", "session", "agent", "model", "user", "tool", "provider"] as const;
    const all: typeof found = [];
    for (const entry of old.facets === "" ? [] : (old.facets as string).split(",")) {
      const [facet, value] = entry.split(":").map(Number) as [number, number];
      all.push([names[facet] as (typeof found)[number][0], strings.text(value) ?? ""]);
    }
    for (const [facet, value] of found) if (!all.some(([f, v]) => f === facet && v === value)) all.push([facet, value]);
    return all;
  }

  return {
    engine,
    strings,
    transact,
    usage,
    traceRows,
    cells: cache,
    /** Call inside of `transact`. */
    nextSeq: () => ++seq,

    /** Returns how many spans were new or changed; the others were there already. */
    write(writes: SpanWrite[]): number {
      if (writes.length === 0) return 0;
      const byTrace = new Map<string, SpanWrite[]>();
      for (const write of writes) {
        const id = write.span.traceId.toLowerCase();
        const list = byTrace.get(id);
        if (list) list.push(write);
        else byTrace.set(id, [write]);
      }
      return transact(() => {
        let changed = 0;
        for (const [traceId, list] of byTrace) changed += writeTrace(traceId, list);
        return changed;
      });
    },

    /** Content that travels apart from its span: the span takes a new seq when it is already there. Returns how many were new. */
    writeLogs(logs: LogWrite[]): number {
      return transact(() => {
        let added = 0;
        for (const log of logs) {
          const traceKey = Buffer.from(log.trace_id, "hex");
          const spanKey = Buffer.from(log.span_id, "hex");
          const body = content.put(redact(log.body), true);
          const known = engine.get("SELECT id FROM log WHERE trace_id = ? AND span_id = ? AND body = ?", [
            traceKey,
            spanKey,
            body,
          ]);
          if (known) continue;
          added++;
          const { id } = engine.get(
            "INSERT INTO log (trace_id, span_id, time_us, resource, scope, messages, body) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [
              traceKey,
              spanKey,
              log.time_us,
              resourceId(log.resource),
              scopeId(log.scope),
              content.put(redact(log.messages), true),
              body,
            ],
          ) as Row;
          const trace = engine.get("SELECT id FROM trace WHERE trace_id = ?", [traceKey])?.id;
          // until its trace comes the record itself keeps its content alive
          useBlocks(trace ?? -id, content.takeUsedBlocks());
          if (trace !== undefined)
            engine.run("UPDATE span SET seq = ? WHERE span_id = ? AND trace = ?", [++seq, spanKey, trace]);
        }
        return added;
      });
    },
  };
}
