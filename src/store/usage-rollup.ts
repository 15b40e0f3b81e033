/** Calls of settled traces, summed by hour, by day, and by day and session; and once more by each single dimension. */
import {
  addToHistogram,
  type Histogram,
  histogramText,
  mergeHistogram,
  mergeHistogramText,
} from "../model/histogram.js";
import { spanKinds } from "../model/kind.js";
import { type Cell, hasUsage, isError, modelOf, usageKind } from "./cells.js";
import type { Engine, SqlValue } from "./engines/engine.js";
import { insertRows } from "./insert-rows.js";
import type { Strings } from "./strings.js";
import { isUnpriced } from "./trace-totals.js";

export const usageLevel = { hour: 0, day: 1, session: 2 } as const;

/** In the place of a dimension that a row is not about. */
const anyValue = -1;

/** The dimensions of a row's key, behind level and bucket; kind is always told apart. */
export const keyDimensions = ["session", "service", "provider", "model", "agent", "tool", "kind"] as const;

/** The level of the rows by day or hour that are about one dimension, or about none. */
export function singleLevel(step: "day" | "hour", dimension: (typeof keyDimensions)[number] | undefined): number {
  return (step === "day" ? 10 : 20) + (dimension === undefined ? 0 : 1 + keyDimensions.indexOf(dimension));
}

/** calls, errors, input, cached, cache write, output, reasoning tokens, cost, unpriced calls */
type Sums = [number, number, number, number, number, number, number, number, number];

type Entry = { key: number[]; sums: Sums; latency: Histogram };

const sumColumns =
  "calls, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_usd, unpriced_calls";

const keyCondition =
  "level = ? AND bucket = ? AND session = ? AND service = ? AND provider = ? AND model = ? AND agent = ? AND tool = ? AND kind = ?";

/**
 * Whether a span enters usage at all: model calls and tool executions that are calls of their own, and the
 * other kinds that an agent's work consists of.
 */
function isUsage(cell: Cell): boolean {
  return cell.state === 0 && (cell.counted || !["other", "llm", "embedding", "tool"].includes(cell.kind));
}

export type UsageRollup = {
  /** Adds the calls of a trace, or takes them out again (sign −1). */
  apply(cells: Cell[], sign: 1 | -1): void;
  /** Writes what has gathered. */
  finish(): void;
  rollback(): void;
};

export function openUsageRollup(engine: Engine, strings: Strings): UsageRollup {
  let entries = new Map<string, Entry>();

  function entryFor(key: number[]): Entry {
    const text = key.join(",");
    let entry = entries.get(text);
    if (!entry) {
      entry = { key, sums: [0, 0, 0, 0, 0, 0, 0, 0, 0], latency: new Map() };
      entries.set(text, entry);
    }
    return entry;
  }
  function add(key: number[], cell: Cell, sign: 1 | -1): void {
    const { sums, latency } = entryFor(key);
    // an agent that only reports usage which its calls below left out is no call itself
    const counts = cell.call !== null || !cell.counted;
    if (counts) sums[0] += sign;
    if (counts && isError(cell)) sums[1] += sign;
    if (hasUsage(cell)) {
      sums[2] += sign * (cell.input_tokens ?? 0);
      sums[3] += sign * (cell.cached_tokens ?? 0);
      sums[4] += sign * (cell.cache_write_tokens ?? 0);
      sums[5] += sign * (cell.output_tokens ?? 0);
      sums[6] += sign * (cell.reasoning_tokens ?? 0);
      sums[7] += sign * (cell.cost_usd ?? 0);
      if (isUnpriced(cell)) sums[8] += sign;
    }
    if (counts && cell.duration_us !== null) addToHistogram(latency, cell.duration_us, sign);
  }

  /** The rows of single dimensions, out of those with all of them. */
  function addSingles(): void {
    for (const { key, sums, latency } of [...entries.values()]) {
      const [level, bucket, ...values] = key as [number, number, ...number[]];
      const kind = values.pop() as number;
      // a session's rows give the session; the others give everything else, or it would be counted twice
      const singles = level === usageLevel.session ? [0] : [1, 3, 4, 5, -1];
      for (const single of singles) {
        const own = values.map((value, index) => (index === single ? value : anyValue));
        const into = entryFor([
          singleLevel(level === usageLevel.hour ? "hour" : "day", keyDimensions[single]),
          bucket,
          ...own,
          kind,
        ]);
        for (const [index, sum] of sums.entries()) into.sums[index] = (into.sums[index] as number) + sum;
        mergeHistogram(into.latency, latency);
      }
    }
  }

  return {
    apply(cells, sign) {
      for (const cell of cells) {
        if (!isUsage(cell)) continue;
        const session = strings.id(cell.session) ?? 0;
        const kind = usageKind(cell);
        const isCall = kind === "llm" || kind === "embedding";
        const dimensions = [
          strings.id(cell.service) ?? 0,
          (isCall && strings.id(cell.provider)) || 0,
          (isCall && strings.id(modelOf(cell))) || 0,
          strings.id(cell.agent) ?? 0,
          (kind === "tool" && strings.id(cell.tool ?? cell.name)) || 0,
          spanKinds.indexOf(kind),
        ];
        const seconds = Math.floor(cell.start_us / 1e6);
        const day = seconds - (seconds % 86400);
        add([usageLevel.hour, seconds - (seconds % 3600), 0, ...dimensions], cell, sign);
        add([usageLevel.day, day, 0, ...dimensions], cell, sign);
        add([usageLevel.session, day, session, ...dimensions], cell, sign);
      }
    },
    finish() {
      if (entries.size === 0) return;
      addSingles();
      const rows: SqlValue[][] = [];
      for (const { key, sums, latency } of entries.values()) {
        const old = engine.get(`SELECT ${sumColumns}, latency FROM usage WHERE ${keyCondition}`, key);
        if (old) {
          for (const [index, column] of sumColumns.split(", ").entries())
            sums[index] = (sums[index] as number) + old[column];
          mergeHistogramText(latency, old.latency);
        }
        if (sums[0] === 0 && sums[2] === 0 && sums[5] === 0) engine.run(`DELETE FROM usage WHERE ${keyCondition}`, key);
        else rows.push([...key, ...sums, histogramText(latency)]);
      }
      entries = new Map();
      insertRows(
        engine,
        `INSERT OR REPLACE INTO usage (level, bucket, session, service, provider, model, agent, tool, kind, ${sumColumns}, latency)`,
        19,
        rows,
      );
    },
    rollback() {
      entries = new Map();
    },
  };
}
