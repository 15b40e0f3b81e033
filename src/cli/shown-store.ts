/** The store as it is shown to those who ask: as far as `--content` allows, secrets and what is configured redacted. */
import { limitContent } from "../mcp/limited-reader.js";
import type { ShownContent } from "../model/shown-content.js";
import { createRedactor } from "../redaction/redactor.js";
import { type CurrentStore, watchStore } from "../store/current-store.js";
import { openPseudonyms, redactionKeyFile } from "../store/pseudonyms.js";
import { engineOption, type Settings } from "./settings.js";

/** What was written before a pattern was in force is redacted on its way out. `opened`: see `watchStore`. */
export function watchShownStore(
  settings: Settings,
  content: ShownContent,
  opened: () => void = () => {},
): CurrentStore {
  const redactor = createRedactor(settings.redaction, openPseudonyms(redactionKeyFile(settings.db, settings.home)));
  const store = watchStore(settings.db, { ...engineOption(settings), redact: (text) => redactor.text(text) }, opened);
  return { ...store, reader: limitContent(store.reader, content, redactor) };
}
