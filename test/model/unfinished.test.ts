import { describe, expect, test } from "vitest";
import { detectUnfinished } from "../../src/model/detectors/unfinished.js";
import { plainPhrase } from "../../src/model/phrase.js";
import type { Run, Step } from "../../src/model/run.js";
import { type Attributes, morning, span } from "../store/otlp.js";
import { findingsOf } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("unfinished", spans);
const agent = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper" };
const model = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o" };

describe.each<[string, Attributes]>([
  ["tool fetch", { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "fetch" }],
  ["tool fetch", { "openinference.span.kind": "TOOL", "tool.name": "fetch" }],
  ["tool fetch", { "ai.operationId": "ai.toolCall", "ai.toolCall.name": "fetch" }],
])("%s without an end", (name, attributes) => {
  test("is a warning where the run around it is over", async () => {
    const found = await of([
      span({ trace: 1, id: 1, ms: 9_000, attributes: agent }),
      span({ trace: 1, id: 2, parent: 1, start: morning + 1_000, ms: null, attributes }),
      span({ trace: 1, id: 3, parent: 1, start: morning + 2_000, ms: 500, attributes: model }),
    ]);
    expect(found).toMatchObject([{ severity: "warning", spans: [2, 1] }]);
    expect(found[0]?.summary).toContain(`${name} has no end although agent helper around it ended 8 s after it began`);
  });

  test("is information while the run is at work", async () => {
    const found = await of([
      span({ trace: 1, id: 1, ms: null, attributes: agent }),
      span({ trace: 1, id: 2, parent: 1, start: morning + 1_000, ms: null, attributes }),
    ]);
    expect(found).toMatchObject([{ severity: "info", spans: [2, 1] }]);
    expect(found[0]?.summary).toBe(`Still running: ${name}, begun 1 s into the run (2 spans without an end in all).`);
  });
});

test("work that outlives its parent and ends is none", async () => {
  const child = span({ trace: 1, id: 2, parent: 1, start: morning + 50, ms: 9_000 });
  expect(await of([span({ trace: 1, id: 1, ms: 100, attributes: agent }), child])).toEqual([]);
});

test("a process that was gone before its run ended is critical, and what it was at is told", () => {
  const step = (span_id: string, parent_span_id: string | null, more: Partial<Step>): Step =>
    ({
      span_id,
      parent_span_id,
      name: span_id,
      kind: "other",
      status: "abandoned",
      start_us: 0,
      end_us: null,
      ...more,
    }) as Step;
  const steps = [step("root", null, {}), step("fetch", "root", { kind: "tool", tool: "fetch", start_us: 3_000_000 })];
  const [finding, ...others] = detectUnfinished({ steps } as unknown as Run);
  expect(others).toEqual([]);
  expect(finding?.severity).toBe("critical");
  expect(finding?.evidence).toEqual(["fetch", "root"]);
  expect(plainPhrase(finding?.summary ?? [])).toBe(
    "The process was gone before the run ended; it was at tool fetch, begun 3 s into the run (2 spans without an end in all).",
  );
});
