/** What the store says of itself. */
import { statSync } from "node:fs";
import { waitingWork } from "../maintain.js";
import { getMeta, getNumber } from "../meta.js";
import { schemaVersion } from "../migrations.js";
import type { SpanSource } from "../read-span.js";
import type { StoreInfo } from "../reader.js";
import { isoTime } from "./rows.js";

const listedModels = 20;

function sizeOf(path: string): number {
  let bytes = 0;
  for (const file of [path, `${path}-wal`]) {
    try {
      bytes += statSync(file).size;
    } catch {
      // no WAL
    }
  }
  return bytes;
}

export function info({ engine, strings }: SpanSource): StoreInfo {
  const count = (sql: string) => Number(engine.get(sql)?.n ?? 0);
  const time = (us: number | null | undefined) => (us === null || us === undefined ? null : isoTime(us));
  const unpriced = engine.all(
    `SELECT coalesce(response_model, request_model) AS model, count(*) AS n FROM span WHERE trace IN (SELECT id FROM trace WHERE unpriced_calls > 0)
     AND counted = 1 AND call IN (1, 2) AND cost_usd IS NULL AND (status <> 2 OR input_tokens IS NOT NULL) AND model IS NOT NULL GROUP BY model ORDER BY n DESC LIMIT ?`,
    [listedModels],
  );
  const rules = new Map(engine.all("SELECT * FROM retention").map((rule) => [rule.service, rule]));
  const services = engine.all("SELECT service, count(*) AS n FROM trace GROUP BY service ORDER BY n DESC");
  return {
    path: engine.path,
    engine: engine.name,
    engine_version: engine.version,
    store_id: String(getMeta(engine, "store_id")),
    schema_version: schemaVersion,
    size_bytes: sizeOf(engine.path),
    traces: count("SELECT count(*) AS n FROM trace"),
    spans: count("SELECT coalesce(sum(span_count), 0) AS n FROM trace"),
    sessions: count("SELECT count(*) AS n FROM session"),
    running_spans: count(
      "SELECT count(*) AS n FROM span WHERE state = 1 AND trace IN (SELECT id FROM trace WHERE settled = 0 OR status >= 2)",
    ),
    ...waitingWork(engine),
    dropped_spans: getNumber(engine, "dropped_spans"),
    pruned_traces: getNumber(engine, "pruned_traces"),
    unpriced_calls: count("SELECT coalesce(sum(unpriced_calls), 0) AS n FROM trace"),
    unpriced_models: unpriced.map((row) => strings.text(row.model) ?? ""),
    price_version: getMeta(engine, "price_version") === null ? null : String(getMeta(engine, "price_version")),
    first_span: time(engine.get("SELECT min(start_us) AS us FROM trace")?.us),
    last_span: time(engine.get("SELECT max(start_us) AS us FROM trace")?.us),
    last_write: time(engine.get("SELECT max(changed_us) AS us FROM trace")?.us),
    full_text_search: engine.family === "native",
    services: services.map((row) => ({
      service: strings.text(row.service) ?? "",
      traces: row.n,
      max_age_s: rules.get(row.service)?.max_age_s ?? null,
      max_bytes: rules.get(row.service)?.max_bytes ?? null,
    })),
  };
}
