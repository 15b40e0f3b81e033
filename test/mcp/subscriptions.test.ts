import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSubscriptions } from "../../src/mcp/subscriptions.js";
import { type ChangeBatch, openLiveFeed } from "../../src/store/live-feed.js";
import { chat, requestOf, type SpanShape, span, traceId } from "../store/otlp.js";
import type { Connected } from "./client.js";
import { fakeReader, spanOf } from "./fake-reader.js";
import { type LiveStore, liveStore } from "./live.js";

let store: LiveStore;
let mcp: Connected;
let updates: string[];
beforeEach(async () => {
  store = await liveStore();
  mcp = await store.connect();
  updates = collect(mcp);
});
afterEach(() => store.close());

function collect({ client }: Connected): string[] {
  const uris: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void uris.push(params.uri));
  return uris;
}

let made = 0;
function write(shape: Partial<SpanShape> = {}): void {
  made++;
  store.ingest.traces(requestOf([span({ trace: made, id: made, ...shape })]));
}

const subscribe = (uri: string) => mcp.client.subscribeResource({ uri });
const arrived = (uris: string[], n: number) =>
  expect.poll(() => uris.length, { interval: 5, timeout: 20_000 }).toBeGreaterThanOrEqual(n);

describe("resources/subscribe", () => {
  it("is offered, and tells of a change with the address as it was subscribed", async () => {
    expect(mcp.client.getServerCapabilities()?.resources).toEqual({ subscribe: true });
    await subscribe("agensight://live");
    write();
    await arrived(updates, 1);
    expect(updates[0]).toBe("agensight://live");
  });

  it("tells only of what the address is about: a filter, a trace, a session", async () => {
    write({ trace: 0xabc, id: 1, attributes: { "session.id": "session-one" } });
    const filtered = "agensight://live?kind=llm&session=session%2Ftwo";
    const trace = `agensight://traces/${traceId(0xabc)}`;
    await subscribe(filtered);
    await subscribe(trace);
    await subscribe("agensight://sessions/session-o");
    await subscribe("agensight://sessions/yet-to-come");

    write({ name: "of none of them" });
    write({ attributes: chat({ session: "session/two" }) });
    await arrived(updates, 1);
    write({ trace: 0xabc, id: 2 });
    await arrived(updates, 2);
    write({ attributes: { "session.id": "session-one" } });
    await arrived(updates, 3);
    write({ attributes: { "session.id": "yet-to-come" } });
    await arrived(updates, 4);
    expect(updates).toEqual([filtered, trace, "agensight://sessions/session-o", "agensight://sessions/yet-to-come"]);
  });

  it("tells the first change at once and the last for certain, at most every 250 ms in between", async () => {
    await subscribe("agensight://live");
    const times: number[] = [];
    mcp.client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => void times.push(performance.now()));
    for (let n = 0; n < 60; n++) {
      write();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    write({ name: "the last" });
    const told = performance.now();
    await expect.poll(() => (times.at(-1) ?? 0) > told - 250 && times.length >= 2, { timeout: 20_000 }).toBe(true);
    for (const [i, time] of times.entries()) if (i > 0) expect(time - (times[i - 1] ?? 0)).toBeGreaterThan(200);
    expect(times.length).toBeLessThan(60);
  });

  it("listens once for a connection, and no more after the last unsubscription or the connection's end", async () => {
    for (const uri of ["agensight://live", "agensight://live?kind=llm", "agensight://live"]) await subscribe(uri);
    expect(store.listeners()).toBe(1);
    await mcp.client.unsubscribeResource({ uri: "agensight://live" });
    await mcp.client.unsubscribeResource({ uri: "agensight://live" });
    expect(store.listeners()).toBe(1);
    await mcp.client.unsubscribeResource({ uri: "agensight://live?kind=llm" });
    await expect.poll(store.listeners).toBe(0);

    await subscribe("agensight://live");
    const other = await store.connect();
    const heard = collect(other);
    await other.client.subscribeResource({ uri: "agensight://live" });
    await mcp.close();
    await expect.poll(store.listeners).toBe(1);
    write();
    await arrived(heard, 1);
    expect(updates).toEqual([]);
    await other.close();
    await expect.poll(store.listeners).toBe(0);
  });

  it.each([
    [
      "agensight://usage/24h",
      /cannot be subscribed to\. These can: agensight:\/\/live\{\?session,service,agent,kind,status\}/,
    ],
    [`agensight://traces/${traceId(1)}/spans/bbbbbbbb`, /cannot be subscribed to/],
    ["live", /cannot be subscribed to/],
    [
      "agensight://live?sesion=a",
      /unknown argument "sesion" \(did you mean "session"\?\).*Valid arguments.*session, service, agent, kind, status/,
    ],
    ["agensight://live?kind=llms", /kind: "llms" is not one of other, llm/],
    ["agensight://live?kind=llm&kind=tool", /given twice/],
    ["agensight://traces/ffffffff", /There is no trace ffffffff/],
  ])("says what is wrong with %s", async (uri, said) => {
    await expect(subscribe(uri)).rejects.toThrow(said);
    expect(store.listeners()).toBe(0);
  });

  it("takes an address of another scheme, of which nothing is ever told", async () => {
    await subscribe("file:///etc/passwd");
    expect(store.listeners()).toBe(0);
  });

  it("takes a hundred subscriptions of a connection", async () => {
    for (let n = 0; n < 100; n++) await subscribe(`agensight://live?agent=a${n}`);
    await expect(subscribe("agensight://live")).rejects.toThrow("has 100 subscriptions already");
    await subscribe("agensight://live?agent=a7");
    await mcp.client.unsubscribeResource({ uri: "agensight://live?agent=a3" });
    await subscribe("agensight://live");
  });

  it("sends nothing more to a client that has not taken the last message", async () => {
    let hear: (batch: ChangeBatch) => void = () => {};
    const feed = openLiveFeed("/nowhere", async () => null);
    const live = {
      ...feed,
      listen: async (listener: typeof hear) => {
        hear = listener;
        return { seq: 0, store_id: "", stop() {} };
      },
    };
    const sent: string[] = [];
    let taken = () => {};
    const subscriptions = openSubscriptions(live, (uri) => {
      sent.push(uri);
      return new Promise((resolve) => {
        taken = resolve;
      });
    });
    await subscriptions.subscribe("agensight://live", fakeReader({ traces: [] }));
    const batch = (n: number): ChangeBatch => ({
      changes: [{ type: "span_ended", span: spanOf({ n }), preview: null }],
      as_of_seq: n,
      dropped: 0,
      store_id: "s",
    });
    for (let n = 0; n < 1000; n++) hear(batch(n));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sent).toHaveLength(1);
    taken();
    await expect.poll(() => sent.length).toBe(2);
    subscriptions.close();
  });
});

describe("agensight://live", () => {
  it("answers the latest changes that match its filter", async () => {
    write({ name: "one", attributes: { "session.id": "a b" } });
    for (let n = 0; n < 200; n++) write({ name: "noise" });
    write({ name: "two", attributes: { "session.id": "a b" } });
    const read = async (uri: string) => ((await mcp.client.readResource({ uri })).contents[0] as { text: string }).text;
    const text = await read("agensight://live?session=a%20b");
    expect(text.match(/^seq \d+ span \w+/gm)).toEqual(["seq 1 span one", "seq 202 span two"]);
    expect(text).toContain("coverage: 2 changed spans that match · as of seq 202");
    expect(await read("agensight://live?session=nobody")).toContain("No change matches.");
    expect(await read("agensight://live")).toContain("coverage: the last 20 changed spans · as of seq 202");
    await expect(read("agensight://live?user=x")).rejects.toThrow(/unknown argument "user"/);
  });
});
