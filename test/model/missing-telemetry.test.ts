import { expect, test } from "vitest";
import { morning, span } from "../store/otlp.js";
import { agentRun, dialects, findingsOf, type Turn } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("missing_telemetry", spans);
const turns: Turn[] = [{ asks: [{ tool: "search" }] }, { tool: "search", result: "a page" }, { says: "Done." }];

test.each(dialects)("nothing is missing in a run that was recorded whole by %s", async (dialect) => {
  expect(await of(agentRun(dialect, turns))).toEqual([]);
});

test("tokens, prices and messages that were not recorded are listed in one finding", async () => {
  const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "house-model" };
  const found = await of([
    span({ trace: 1, id: 1, ms: 100 }),
    span({ trace: 1, id: 2, parent: 1, attributes: chat }),
    span({ trace: 1, id: 3, parent: 1, start: morning + 20, attributes: { ...chat, "gen_ai.usage.input_tokens": 9 } }),
  ]);
  expect(found).toMatchObject([
    {
      severity: "info",
      summary:
        "Not recorded, or not surely: tokens of 1 of 2 model calls; messages of 2 of 2 model calls; the price of 1 model call (house-model).",
      spans: [2, 3],
    },
  ]);
});

test("spans without their parent, and a root that never came, are told", async () => {
  const found = await of([
    span({ trace: 1, id: 2, parent: 9, ms: 100 }),
    span({ trace: 1, id: 3, parent: 2 }),
    span({ trace: 1, id: 4, parent: 8 }),
  ]);
  expect(found).toMatchObject([{ severity: "info", spans: [2, 4] }]);
  expect(found[0]?.summary).toContain("2 spans whose parent never arrived");
});

test("tools that models asked for and that have no span are named", async () => {
  const spans = agentRun("otel", turns).filter(({ name }) => name !== "search");
  const found = await of(spans);
  expect(found).toMatchObject([{ severity: "info", spans: [2] }]);
  expect(found[0]?.summary).toContain("spans of tools that models asked for (search)");
});

test("clocks that are apart are told, a few ms are not", async () => {
  const run = (start: number) => [span({ trace: 1, id: 1, ms: 100 }), span({ trace: 1, id: 2, parent: 1, start })];
  expect(await of(run(morning - 5))).toEqual([]);
  const found = await of(run(morning - 60_000));
  expect(found).toMatchObject([{ severity: "info", spans: [2] }]);
  expect(found[0]?.summary).toContain("1 span that began over 1 s outside of the span around it");
});

test("two recordings of one call are told", async () => {
  const spans = agentRun("otel", [{ says: "Hello." }]);
  const attributes = { "openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 100 };
  spans.push(span({ trace: 1, id: 20, parent: 2, start: morning + 10, ms: 50, attributes }));
  const [finding] = await of(spans);
  expect(finding?.summary).toContain("1 call recorded more than once, and counted once");
});
