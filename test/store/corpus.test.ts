/** The store answers for other people's spans what a careful reader of the raw files would. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import { messageText } from "../../src/model/read-message.js";
import { openReader } from "../../src/store/open.js";
import { corpusExpectations } from "../fixtures/corpus-expectations.js";
import { availableEngines } from "./available-engines.js";
import { temporaryFolder } from "./temporary-folder.js";

const corpus = join(import.meta.dirname, "../fixtures/corpus");

function linesOf(file: string): string[] {
  return readFileSync(join(corpus, file), "utf8").split("\n").filter(Boolean);
}

/** Each trace line as a request of its own, as a recorder sends them; then the log records that belong to them. */
async function recorded(file: string, engine: (typeof availableEngines)[number], settled: boolean) {
  const path = join(temporaryFolder(), "traces.db");
  const ingest = await openIngest({ path, engine });
  for (const line of linesOf(`${file}.otlp.jsonl`)) expect(ingest.traces(JSON.parse(line)).rejected).toEqual([]);
  if (file === "otel-openai") for (const line of linesOf("otel-openai.otlp-logs.jsonl")) ingest.logs(JSON.parse(line));
  while (settled && ingest.maintain({ all: true }));
  ingest.close();
  return openReader(path, { engine });
}

const cases = availableEngines.flatMap((engine) => corpusExpectations.map((expected) => ({ engine, ...expected })));

describe.each(cases)("$file on $engine", (expected) => {
  test.each([false, true])("has its traces, calls, tokens, sessions and errors (settled: %s)", async (settled) => {
    const reader = await recorded(expected.file, expected.engine, settled);
    const { traces } = await reader.listTraces({ limit: 200 });
    expect(traces.length).toBe(expected.traces);
    const sum = (
      key: "span_count" | "llm_calls" | "error_count" | "input_tokens" | "cached_tokens" | "output_tokens",
    ) => traces.reduce((total, trace) => total + (trace[key] ?? 0), 0);
    expect({
      spans: sum("span_count"),
      llm_calls: sum("llm_calls"),
      errors: sum("error_count"),
      input: sum("input_tokens"),
      cached: sum("cached_tokens"),
      output: sum("output_tokens"),
    }).toEqual({
      spans: expected.spans,
      llm_calls: expected.llm_calls,
      errors: expected.error_spans,
      input: expected.input_tokens,
      cached: expected.cached_tokens,
      output: expected.output_tokens,
    });

    const byModel = await reader.getUsage({ group_by: ["model"] });
    expect(byModel.total.calls).toBe(expected.llm_calls);
    expect(byModel.total.input_tokens ?? 0).toBe(expected.input_tokens);
    expect(byModel.total.output_tokens ?? 0).toBe(expected.output_tokens);
    expect(byModel.total.cache_write_tokens ?? 0).toBe(expected.cache_write_tokens);
    expect(
      Object.fromEntries(
        byModel.groups.filter(({ calls }) => calls > 0).map(({ model, calls }) => [model ?? "", calls]),
      ),
    ).toEqual(expected.models);

    const byTool = await reader.getUsage({ group_by: ["tool"] });
    expect(byTool.groups.reduce((total, { calls }) => total + calls, 0)).toBe(expected.tool_calls);

    const { sessions } = await reader.listSessions({ limit: 200 });
    expect(sessions.map(({ session_id }) => session_id).sort()).toEqual(expected.sessions);
    reader.close();
  });

  test("shows a call's conversation and its errors", async () => {
    const reader = await recorded(expected.file, expected.engine, true);
    const { span_id, input, output } = expected.conversation;
    const span = await reader.getSpan({ span_id });
    const said = (messages: typeof span.input_messages) =>
      messages.map((message) => [message.role, messageText(message)]);
    expect(said(span.input_messages)).toEqual(input);
    expect(said(span.output_messages)).toEqual(output);
    for (const [failed, type, message] of expected.errors) {
      const { status, error_type, error_message } = await reader.getSpan({ span_id: failed });
      expect({ status, error_type }).toEqual({ status: "error", error_type: type });
      if (message !== null) expect(error_message).toContain(message.slice(0, 60));
    }
    reader.close();
  });
});
