/** The batches that writing programs send and tests expect: the same for the same numbers, in every process. */
import type { OtlpSpan, TracesData } from "../../../src/model/otlp.js";
import { chat, message, morning, requestOf, span } from "../otlp.js";

export const spansPerBatch = 12;

/** All writers send this one, too: it is stored once. */
const sharedText = "Everybody who writes here says the same long sentence at least once. ".repeat(20);

const traceOf = (writer: number, batch: number, part: number) => 1_000_000 * (writer + 1) + 2 * batch + part;

/** Two traces; one call of each resends what the batch before said, so that content is shared across batches. */
export function batchSpans(writer: number, batch: number): OtlpSpan[] {
  return [0, 1].flatMap((part) => {
    const trace = traceOf(writer, batch, part);
    const id = (n: number) => trace * 10 + n;
    const history = [
      message("system", sharedText),
      message("user", `writer ${writer} says ${batch >> 3} `.repeat(30)),
      message("user", `${batch}`),
    ];
    const start = morning + batch * 1000 + part;
    return [
      ...[1, 2, 3, 4].map((n) =>
        span({
          trace,
          id: id(n),
          parent: id(0),
          start: start + n,
          attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": `tool ${n}` },
        }),
      ),
      span({
        trace,
        id: id(5),
        parent: id(0),
        start: start + 5,
        attributes: chat({ input: 100, output: 10, messages: history, reply: "ok" }),
      }),
      span({ trace, id: id(0), start, ms: 50, attributes: { "session.id": `writer-${writer}` } }),
    ];
  });
}

export function batchRequest(writer: number, batch: number): TracesData {
  return requestOf(batchSpans(writer, batch), `service-${writer % 2}`);
}
