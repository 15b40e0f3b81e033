/** What the normaliser pointed at is the same, read alone or out of the whole span. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import { readMessages } from "../../src/model/read-message.js";
import { spanSource } from "../../src/store/open.js";
import { openForReading } from "../../src/store/open-store.js";
import { decodeRow, outputMessages, rowSources, sourceText, wholeSpanColumns } from "../../src/store/read-span.js";
import { newStorePath } from "./temporary-folder.js";

const corpus = join(import.meta.dirname, "../fixtures/corpus");
const names = ["system", "tool_definitions", "input_value", "output_value"] as const;

test.each(readdirSync(corpus).filter((file) => file.endsWith(".otlp.jsonl")))("of the spans of %s", async (file) => {
  const path = newStorePath();
  const ingest = await openIngest({ path });
  for (const line of readFileSync(join(corpus, file), "utf8").split("\n").filter(Boolean))
    ingest.traces(JSON.parse(line));
  while (ingest.maintain({ all: true }));
  ingest.close();

  const engine = await openForReading(path);
  const source = spanSource(engine);
  let read = 0;
  for (const row of engine.all(`SELECT ${wholeSpanColumns} FROM span s JOIN trace t ON t.id = s.trace`)) {
    const whole = decodeRow(source, row, { conversation: false });
    const alone = rowSources(source, row);
    const textOf = (name: (typeof names)[number]) => {
      const found = alone.source(name);
      return found && "text" in found ? found.text : null;
    };
    for (const name of names) expect(textOf(name)).toBe(sourceText(whole, name));
    const said = alone.source("output");
    const messages = !said
      ? []
      : "text" in said
        ? readMessages(said.text, "assistant")
        : said.messages.map((text) => JSON.parse(text));
    expect(messages).toEqual(outputMessages(whole));
    expect([alone.tool_call_id, alone.finish_reason]).toEqual([whole.tool_call_id, whole.finish_reason]);
    read += names.filter((name) => textOf(name) !== null).length + messages.length;
  }
  engine.close();
  expect(read).toBeGreaterThan(0);
});
