/** Opens an existing store to change it. */
import { existsSync } from "node:fs";
import { AgensightError } from "../model/error.js";
import type { Engine } from "../store/engines/engine.js";
import { openForWriting } from "../store/open-store.js";
import { openSpanWriter, type SpanWriter } from "../store/writer.js";
import { engineOption, type Settings } from "./settings.js";

/** Errors: not_found. */
export function requireStore({ db }: Settings): void {
  if (existsSync(db)) return;
  throw new AgensightError("not_found", `There is no store at ${db}.`, {
    hint: "Choose another file with --db; agensight doctor names the stores that were used lately.",
  });
}

/** Errors: not_found instead of making a file; those of opening it. */
export async function openForChange(settings: Settings): Promise<{ engine: Engine; writer: SpanWriter }> {
  requireStore(settings);
  const engine = await openForWriting(settings.db, engineOption(settings));
  return { engine, writer: openSpanWriter(engine) };
}
