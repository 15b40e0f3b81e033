import { describe, expect, test } from "vitest";
import { span } from "../store/otlp.js";
import { agentRun, dialects, findingsOf, type Turn } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("empty_result", spans);
const above = async (spans: Parameters<typeof findingsOf>[1]) =>
  (await of(spans)).filter(({ severity }) => severity !== "info");
const use = (tool: string, result: string, args: Record<string, unknown> = { query: "refunds" }): Turn[] => [
  { asks: [{ tool, args }] },
  { tool, args, result },
];
const sure: Turn = { says: "Refunds take 14 days and are paid to the card that was used." };

describe.each(dialects)("recorded by %s", (dialect) => {
  test.each([
    "[]",
    '{"results":[]}',
    '{"results":[],"total":0,"page":1}',
    "No results found.",
    "null",
    '{"content":[{"type":"text","text":"[]"}]}',
    '{"hits":{"total":0,"hits":[]},"took":3}',
    "There are no matching documents",
  ])("an answer that rests on %s is a warning", async (result) => {
    const found = await of(agentRun(dialect, [...use("search_docs", result), sure]));
    expect(found).toMatchObject([{ severity: "warning", spans: [3] }]);
    expect(found[0]?.summary).toBe(
      "Tool search_docs returned nothing, and the run answered as though it had something to go by.",
    );
  });

  test("one search after the other that finds nothing is a warning", async () => {
    const turns = ["refund", "money back", "returns"].flatMap((query) => use("search_docs", "[]", { query }));
    const found = await of(agentRun(dialect, [...turns, sure]));
    expect(found).toMatchObject([{ severity: "warning", spans: [3, 5, 7] }]);
    expect(found[0]?.summary).toContain("in 3 of 3 calls");
  });

  test("an answer that says that nothing was found is honest", async () => {
    const turns = [...use("search_docs", "[]"), { says: "I found no article about refunds." }];
    expect(await of(agentRun(dialect, turns))).toMatchObject([{ severity: "info" }]);
  });

  test.each([
    ["delete_order", ""],
    ["send_email", "null"],
    ["save_note", "{}"],
    ["find_duplicates", "[]"],
    ["check_conflicts", "[]"],
    ["list_alerts", '{"alerts":[]}'],
  ])("%s has nothing to say when all is well", async (tool, result) => {
    expect(await of(agentRun(dialect, [...use(tool, result), { says: "All done." }]))).toEqual([]);
  });

  test("the empty page that ends a listing is none", async () => {
    const turns = [1, 2, 3, 4].flatMap((page) =>
      use("list_orders", page < 4 ? `{"orders":[{"id":${page}}]}` : '{"orders":[]}', { page }),
    );
    expect(await of(agentRun(dialect, [...turns, { says: "There are three orders." }]))).toEqual([]);
  });

  test("a search that found something at the second try is no fault", async () => {
    const turns = [
      ...use("search_docs", "[]"),
      ...use("search_docs", '["Refunds take 14 days"]', { query: "refund" }),
      sure,
    ];
    expect(await above(agentRun(dialect, turns))).toEqual([]);
  });

  test("nor is one for which another tool found something", async () => {
    const turns = [...use("search_docs", "[]"), ...use("search_web", '["Refunds take 14 days"]'), sure];
    expect(await above(agentRun(dialect, turns))).toEqual([]);
  });
});

test("a retriever without documents before an answer is a warning, one with documents is none", async () => {
  const rag = (documents: string) => [
    ...agentRun("otel", [sure]),
    span({
      trace: 1,
      id: 30,
      parent: 1,
      ms: 1,
      name: "vector_store",
      attributes: { "gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": documents },
    }),
  ];
  expect(await of(rag("[]"))).toMatchObject([{ severity: "warning", spans: [30] }]);
  expect(await of(rag('[{"id":"a","content":"14 days"}]'))).toEqual([]);
});

test("results that were not recorded are not empty", async () => {
  expect(await of(agentRun("otel", [{ tool: "search_docs" }, sure]))).toEqual([]);
});
