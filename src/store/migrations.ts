/** How a file of an older version gets the tables that a new file is made with. */
import { type OtlpResource, plainAttributes, serviceVersion } from "../model/otlp.js";
import type { Engine } from "./engines/engine.js";
import { setMeta } from "./meta.js";
import { openStrings } from "./strings.js";

/** Numbered and forward only: the first brings a file from version 1 to 2. Each inside of a transaction. */
export const migrations: ((engine: Engine) => void)[] = [addFailures];

/** The version that this program writes. */
export const schemaVersion = 1 + migrations.length;

/** The columns are empty in what is there already: maintenance fills them. */
function addFailures(engine: Engine): void {
  engine.exec(`
    ALTER TABLE resource ADD COLUMN version INTEGER;
    ALTER TABLE span ADD COLUMN error_key INTEGER;
    ALTER TABLE span ADD COLUMN failure INTEGER;
    ALTER TABLE span ADD COLUMN prompt INTEGER;
    CREATE INDEX span_error ON span (start_us, error_key, failure, trace, agent, tool, request_model, response_model, session, resource)
      WHERE error_key IS NOT NULL;`);
  const strings = openStrings(engine);
  for (const { id, body } of engine.all("SELECT id, body FROM resource")) {
    const attributes = (JSON.parse(body) as { resource?: OtlpResource }).resource?.attributes;
    const version = serviceVersion(plainAttributes(attributes));
    if (version !== null) engine.run("UPDATE resource SET version = ? WHERE id = ?", [strings.id(version), id]);
  }
  setMeta(engine, "refill_below", Number(engine.get("SELECT coalesce(max(id), 0) + 1 AS next FROM trace")?.next));
}
