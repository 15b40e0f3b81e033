import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { morning, requestOf, span, spanId, traceId } from "../store/otlp.js";
import type { Connected } from "./client.js";
import { type LiveStore, liveStore } from "./live.js";

let store: LiveStore;
let mcp: Connected;
beforeEach(async () => {
  store = await liveStore();
  mcp = await store.connect({ now: () => morning + 12_000 });
});
afterEach(() => store.close());

const ask = async (tool: string, args: Record<string, unknown>) => (await mcp.call(tool, args)).text;
const open = (id: number, name: string, parent?: number) =>
  span({ trace: 1, id, name, ms: null, ...(parent === undefined ? {} : { parent, start: morning + 8_000 }) });

describe("what is not over", () => {
  it("is shown as running, and for how long: in a tree, alone, and among the latest changes", async () => {
    store.ingest.traces(
      requestOf([open(1, "run"), open(2, "search", 1), span({ trace: 1, id: 3, parent: 1, name: "done" })]),
    );
    const tree = (await ask("get_trace", { trace_id: traceId(1) })).split("\n");
    expect(tree[0]).toMatch(/^running for 12 s · 3 spans · /);
    expect(tree).toContainEqual(expect.stringMatching(/^\+0 ms span run · RUNNING for 12 s · /));
    expect(tree).toContainEqual(expect.stringMatching(/^ {2}\+8 s span search · RUNNING for 4 s · /));
    expect(tree).toContainEqual(expect.stringMatching(/^ {2}\+0 ms span done · 10 ms · /));
    expect(await ask("get_span", { span_id: spanId(2) })).toMatch(/^span search · running for 4 s\n/);
    const { contents } = await mcp.client.readResource({ uri: "agensight://live?status=running" });
    expect((contents[0] as { text: string }).text).toMatch(
      /\nseq \d span run · RUNNING for 12 s · .*\nseq \d span search · RUNNING for 4 s/,
    );
  });

  it("is shown as abandoned when its program is gone", async () => {
    store.ingest.traces(requestOf([open(1, "run"), open(2, "search", 1)]));
    store.ingest.abandon([1, 2].map((id) => ({ trace_id: traceId(1), span_id: spanId(id) })));
    const tree = await ask("get_trace", { trace_id: traceId(1) });
    expect(tree).toMatch(/^incomplete · not ended · /);
    expect(tree).toMatch(/\n\+0 ms span run · ABANDONED · /);
    expect(tree).toMatch(/\n {2}\+8 s span search · ABANDONED · /);
    expect(tree).not.toContain("RUNNING");
    expect(await ask("get_span", { span_id: spanId(2) })).toMatch(/^span search · abandoned · never ended\n/);
  });
});
