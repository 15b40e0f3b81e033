/** Writes message content that travels apart from its span. */
import { contentKey } from "./content.js";
import type { Row } from "./engines/engine.js";
import type { SpanWrite } from "./span-rows.js";
import type { SpanWriter } from "./writer.js";

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

/** A span that is already there takes a new seq. Returns how many records were new. */
export function writeLogs(writer: SpanWriter, logs: LogWrite[]): number {
  const { engine, content, useBlocks } = writer;
  return writer.transact(() => {
    let added = 0;
    for (const log of logs) {
      const traceKey = Buffer.from(log.trace_id, "hex");
      const spanKey = Buffer.from(log.span_id, "hex");
      const key = contentKey(log.body);
      if (engine.get("SELECT id FROM log WHERE trace_id = ? AND span_id = ? AND hash = ?", [traceKey, spanKey, key]))
        continue;
      added++;
      const { id } = engine.get(
        "INSERT INTO log (trace_id, span_id, time_us, resource, scope, hash, messages, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [traceKey, spanKey, log.time_us, ...Object.values(logValues(writer, log))],
      ) as Row;
      const trace = engine.get("SELECT id FROM trace WHERE trace_id = ?", [traceKey])?.id;
      // until its trace comes the record itself keeps its content alive
      useBlocks(trace ?? -id, content.takeUsedBlocks());
      if (
        trace === undefined ||
        !engine.get("SELECT 1 AS there FROM span WHERE span_id = ? AND trace = ?", [spanKey, trace])
      )
        continue;
      const seq = writer.nextSeq();
      engine.run("UPDATE span SET seq = ? WHERE span_id = ? AND trace = ?", [seq, spanKey, trace]);
      engine.run("UPDATE log SET seq = ? WHERE id = ?", [seq, id]);
    }
    return added;
  });
}

/** The columns that hold what a record says; its content is stored on the way. Call inside of a transaction. */
export function logValues({ interned, content }: SpanWriter, log: LogWrite) {
  return {
    resource: interned.resource(log.resource),
    scope: interned.scope(log.scope),
    hash: contentKey(log.body),
    messages: content.put(log.messages, true),
    body: content.put(log.body, true),
  };
}
