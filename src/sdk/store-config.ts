/** From what a program asks for to what the recorder's thread has to know. */
import { resolve } from "node:path";
import { storeSettings } from "./environment.js";
import type { RecorderConfig } from "./recorder-message.js";
import { type Retention, retentionLimits } from "./retention.js";

export type StoreOptions = {
  /**
   * The store's file; created with its folder where missing. Default: `AGENSIGHT_DB`, else `traces.db` in
   * `AGENSIGHT_HOME` or `~/.agensight`.
   */
  dbPath?: string;
  /** Applies to this service's traces in this file (to the service of the first span, in an exporter). Default: everything is kept. */
  retention?: Retention;
  /** false: message texts, tool arguments and results are left out. Default: true. */
  captureContent?: boolean;
};

export function storeConfig({
  dbPath,
  retention,
  captureContent,
}: StoreOptions): Omit<RecorderConfig, "service" | "otlp"> {
  const { path, home, engine } = storeSettings();
  return {
    // resolved now: the program may change its working folder later
    path: dbPath === ":memory:" ? dbPath : resolve(dbPath || path),
    home: resolve(home),
    engine,
    retention: retentionLimits(retention),
    captureContent: captureContent ?? true,
  };
}
