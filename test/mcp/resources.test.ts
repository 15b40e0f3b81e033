import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionSummary, TraceSummary } from "../../src/model/summary.js";
import { type Connected, connect } from "./client.js";
import { corpusLines, storeOf, type TestStore } from "./store.js";

let store: TestStore;
let mcp: Connected;
let trace: TraceSummary;
let session: SessionSummary;
beforeAll(async () => {
  store = await storeOf(corpusLines());
  mcp = await connect({ reader: async () => store.reader, storePath: store.path });
  trace = (await store.reader.listTraces({ limit: 1 })).traces[0] as TraceSummary;
  session = (await store.reader.listSessions({ limit: 1 })).sessions[0] as SessionSummary;
});
afterAll(async () => {
  await mcp.close();
  store.remove();
});

async function read(uri: string): Promise<string> {
  const { contents } = await mcp.client.readResource({ uri });
  expect(contents).toHaveLength(1);
  return (contents[0] as { text: string }).text;
}

describe("resources", () => {
  it("list what is fixed, the newest traces and the latest sessions, all readable", async () => {
    const { resources } = await mcp.client.listResources();
    const uris = resources.map((resource) => resource.uri);
    expect(uris).toEqual(expect.arrayContaining(["agensight://live", "agensight://schema", "agensight://usage/24h"]));
    expect(uris).toContain(`agensight://traces/${trace.trace_id}`);
    expect(uris).toContain(`agensight://sessions/${session.session_id}`);
    for (const uri of uris) expect((await read(uri)).length).toBeGreaterThan(50);
  });

  it("have templates for each kind of address", async () => {
    const { resourceTemplates } = await mcp.client.listResourceTemplates();
    expect(resourceTemplates.map((template) => template.uriTemplate)).toEqual([
      "agensight://live{?session,service,agent,kind,status}",
      "agensight://traces/{traceId}",
      "agensight://traces/{traceId}/spans/{spanId}",
      "agensight://sessions/{sessionId}",
      "agensight://usage/{window}",
    ]);
  });

  it("read the same as the tools", async () => {
    const { spans } = await store.reader.getTrace({ trace_id: trace.trace_id });
    const span_id = spans[0]?.span_id ?? "";
    for (const [uri, tool, args] of [
      [`agensight://traces/${trace.trace_id}`, "get_trace", { trace_id: trace.trace_id }],
      [`agensight://traces/${trace.trace_id}/spans/${span_id}`, "get_span", { trace_id: trace.trace_id, span_id }],
      [`agensight://sessions/${session.session_id}`, "get_session", { session_id: session.session_id }],
      ["agensight://usage/all", "get_usage", {}],
      ["agensight://usage/7d", "get_usage", { since: "7d" }],
    ] as const) {
      expect(await read(uri)).toBe((await mcp.call(tool, args)).text);
    }
  });

  it("show the latest changes, and the schema of the store", async () => {
    const seq = (await store.reader.listTraces({ limit: 1 })).coverage.as_of_seq;
    expect(await read("agensight://live")).toMatch(
      new RegExp(`seq ${seq} .*\\ncoverage: the last 20 changed spans · as of seq ${seq}$`),
    );
    expect(await read("agensight://schema")).toContain("CREATE TABLE span (");
  });

  it("complete ids and windows", async () => {
    const complete = async (uri: string, name: string, value: string) =>
      (await mcp.client.complete({ ref: { type: "ref/resource", uri }, argument: { name, value } })).completion.values;
    expect(await complete("agensight://usage/{window}", "window", "2")).toEqual(["24h"]);
    expect(await complete("agensight://traces/{traceId}", "traceId", trace.trace_id.slice(0, 4))).toContain(
      trace.trace_id,
    );
    expect(await complete("agensight://sessions/{sessionId}", "sessionId", session.session_id.slice(0, 3))).toContain(
      session.session_id,
    );
    expect(await complete("agensight://traces/{traceId}", "nothing", "")).toEqual([]);
  });

  it.each([
    ["agensight://nothing", /There is no resource .*Addresses: /],
    ["agensight://traces/ffffffffffff", /There is no trace ffffffffffff/],
    ["agensight://traces/%E0%A4%A", /There is no resource/],
    ["agensight://usage/soon", /must be an ISO time/],
    ["file:///etc/passwd", /There is no resource/],
  ])("say what is wrong with %s", async (uri, said) => {
    await expect(mcp.client.readResource({ uri })).rejects.toThrow(said);
  });

  it("say where nothing was recorded yet", async () => {
    const empty = await connect({ storePath: "/data/none.db" });
    expect((await empty.client.listResources()).resources.map((resource) => resource.uri)).toContain(
      "agensight://live",
    );
    const { contents } = await empty.client.readResource({ uri: "agensight://live" });
    expect((contents[0] as { text: string }).text).toContain("There is no store at /data/none.db yet");
    await empty.close();
  });
});
