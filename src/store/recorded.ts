/** All that a store holds of spans and log records, each text once: for one who counts and changes nothing. */
import type { LogsData, OtlpSpan, TracesData } from "../model/otlp.js";
import { addedMessages } from "./conversations.js";
import type { Row } from "./engines/engine.js";
import { decodeRow, envelope, type SpanSource, wholeSpanColumns } from "./read-span.js";

const rowsAtOnce = 500;

export type RecordedSpan = {
  /** The attribute that holds the whole conversation is empty. */
  data: TracesData;
  /** the input messages that the span did not repeat, each as JSON, and the attribute that has them */
  conversation: { key: string; messages: string[] } | null;
};

export function* recordedSpans(source: SpanSource): Iterable<RecordedSpan> {
  const { engine, content } = source;
  const columns = `${wholeSpanColumns} FROM span s JOIN trace t ON t.id = s.trace`;
  let after = 0;
  for (;;) {
    const rows: Row[] = engine.all(`SELECT ${columns} WHERE s.id > ? ORDER BY s.id LIMIT ${rowsAtOnce}`, [after]);
    if (rows.length === 0) return;
    for (const row of rows) {
      after = row.id;
      const { span, sources } = decodeRow(source, row, { conversation: false });
      const ids = addedMessages(engine, row.id)?.ids ?? [];
      const { input } = sources;
      yield {
        data: around(source, row, span),
        conversation: input && "key" in input ? { key: input.key, messages: ids.map(content.text) } : null,
      };
    }
  }
}

function around({ engine }: SpanSource, row: Row, span: OtlpSpan): TracesData {
  const { resource, scope } = envelope(engine, row);
  return { resourceSpans: [{ ...resource, scopeSpans: [{ ...scope, spans: [span] }] }] };
}

export function* recordedLogs({ engine, content }: SpanSource): Iterable<LogsData> {
  let after = 0;
  for (;;) {
    const rows: Row[] = engine.all(`SELECT * FROM log WHERE id > ? ORDER BY id LIMIT ${rowsAtOnce}`, [after]);
    if (rows.length === 0) return;
    for (const row of rows) {
      after = row.id;
      const { resource, scope } = envelope(engine, row);
      const logRecords = [JSON.parse(content.text(row.body))];
      yield { resourceLogs: [{ ...resource, scopeLogs: [{ ...scope, logRecords }] }] };
    }
  }
}
