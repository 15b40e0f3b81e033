/** Usage as a compact table: a row a group, columns that say something. */

import { count, duration, money } from "../../model/format.js";
import type { UsageDimension, UsageFigures } from "../../model/summary.js";
import { nameText } from "./fence.js";

type Column = {
  title: string;
  cell(of: UsageFigures): string | null /** left out where no row has it */;
  optional: boolean;
};

const tokens = (n: number | null) => (n === null ? null : count(n));
const latency = (ms: number | null) => (ms === null ? null : duration(ms));

const columns: readonly Column[] = [
  { title: "calls", cell: (u) => count(u.calls), optional: false },
  { title: "in tok", cell: (u) => tokens(u.input_tokens), optional: true },
  { title: "of it cached", cell: (u) => tokens(u.cached_tokens), optional: true },
  { title: "cache write", cell: (u) => tokens(u.cache_write_tokens || null), optional: true },
  { title: "out tok", cell: (u) => tokens(u.output_tokens), optional: true },
  { title: "of it reasoning", cell: (u) => tokens(u.reasoning_tokens || null), optional: true },
  { title: "cost", cell: (u) => (u.cost_usd === null ? null : money(u.cost_usd)), optional: true },
  { title: "unpriced", cell: (u) => (u.unpriced_calls > 0 ? count(u.unpriced_calls) : null), optional: true },
  { title: "errors", cell: (u) => count(u.errors), optional: false },
  { title: "p50", cell: (u) => latency(u.p50_ms), optional: true },
  { title: "p95", cell: (u) => latency(u.p95_ms), optional: true },
];

/** The columns that some of the rows fill. */
export function usageColumns(rows: readonly UsageFigures[]): Column[] {
  return columns.filter((column) => !column.optional || rows.some((row) => column.cell(row) !== null));
}

export function usageHead(by: readonly UsageDimension[], shown: readonly Column[]): string {
  return [...by, ...shown.map((column) => column.title)].join(" | ");
}

/** `keys`: the group's values, null = unknown. */
export function usageRow(keys: readonly (string | null)[], figures: UsageFigures, shown: readonly Column[]): string {
  const cells = keys.map((key) => (key === null ? "(unknown)" : key === "" ? "" : nameText(key, 80)));
  return [...cells, ...shown.map((column) => column.cell(figures) ?? "–")].join(" | ");
}
