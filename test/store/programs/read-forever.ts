/** Asks a store again and again until it is told to stop, and reports what it saw that cannot be. */
import { openReader } from "../../../src/store/open.js";

const { path, engine } = JSON.parse(process.argv[2] as string);
let stopped = false;
process.stdin.once("data", () => {
  stopped = true;
});
const wrong: string[] = [];
const seen = new Set<string>();
let reader = await openReader(path, { engine });
let last = 0;
let rounds = 0;
while (!stopped) {
  try {
    const before = last;
    const { changes, as_of_seq, has_more } = await reader.changes({ after_seq: last, limit: 500 });
    if (as_of_seq < before) wrong.push(`seq went back from ${before} to ${as_of_seq}`);
    let previous = before;
    for (const { span } of changes) {
      if (span.seq <= previous) wrong.push(`seq ${span.seq} after ${previous}`);
      previous = span.seq;
      seen.add(`${span.trace_id} ${span.span_id}`);
    }
    last = has_more ? previous : Math.max(previous, as_of_seq);
    const [newest] = (await reader.listTraces({ limit: 1 })).traces;
    if (newest) {
      // a batch writes whole traces: a reader never sees a part of one
      const { trace, spans: own } = await reader.getTrace({ trace_id: newest.trace_id });
      if (trace.span_count !== 6 || own.length !== 6 || trace.llm_calls !== 1)
        wrong.push(`a trace of ${own.length} spans`);
    }
    const { total } = await reader.getUsage({ group_by: ["service"] });
    if (total.input_tokens !== null && total.input_tokens !== total.calls * 100)
      wrong.push(`${total.calls} calls with ${total.input_tokens} tokens`);
  } catch (error) {
    wrong.push(String(error));
  }
  rounds++;
  if (rounds % 50 === 0) {
    reader.close();
    reader = await openReader(path, { engine });
  }
  if (wrong.length > 5) break;
  await new Promise((resolve) => setTimeout(resolve, 5));
}
reader.close();
console.log(JSON.stringify({ wrong, rounds, seen: [...seen] }));
process.stdin.destroy();
