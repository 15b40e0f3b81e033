/** diagnose_trace on work that goes round in circles, and on work that only looks like it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limitContent } from "../../src/mcp/limited-reader.js";
import type { Finding } from "../../src/model/diagnosis.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { plainPhrase } from "../../src/model/phrase.js";
import { requestOf, spanId, traceId } from "../store/otlp.js";
import { type RunStep, runOf, turn } from "./runs.js";
import { storeOf, type TestStore } from "./store.js";

const page = "Our shop in Lisbon is open from nine to six, and closed on Sundays and on public holidays.";
const answer: RunStep = { model: "gpt-4o", says: "Here is what I found for you." };
const hand = (to: string) => ({ tool: `transfer_to_${to}`, args: {} });

const loops: Record<string, RunStep[]> = {
  "one tool, the same arguments": [1, 2, 3, 4, 5].flatMap(() => turn("search", { query: "opening hours" }, page)),
  "keys in another order, other case and blanks": [
    { q: "Opening hours", n: 3 },
    { n: 3, q: "opening  hours" },
    { q: "OPENING HOURS ", n: 3 },
  ].flatMap((args) => turn("search", args, page)),
  "nearly the same words": [
    "opening hours shop Lisbon",
    "the opening hours of the shop in Lisbon",
    "opening hours Lisbon shop today",
  ].flatMap((query) => turn("search", { query }, page)),
  "the same failure, asked again by the model": [1, 2, 3, 4].flatMap(() =>
    turn("read_file", { path: "/etc/none" }, null, { error: "ENOENT: no such file" }),
  ),
  "two tools in turn": [1, 2, 3, 4].flatMap(() => [
    ...turn("check_stock", { item: "lamp" }, { stock: 0, note: "none left in this warehouse" }),
    ...turn("check_orders", { item: "lamp" }, { orders: [], note: "nothing on its way to us" }),
  ]),
  "results that differ in their time alone": [1, 2, 3].flatMap((n) =>
    turn("status", { id: 7 }, { state: "broken beyond repair", at: `2026-11-10T08:00:0${n}.000Z` }),
  ),
  "a request id that is new each time": [1, 2, 3, 4].flatMap((n) =>
    turn("run_sql", { sql: "select 1", idempotency_key: `k-${n}${n}`, timestamp: 1763000000 + n }, "no rows"),
  ),
  "a long page that tells when it was made": [1, 2, 3].flatMap((n) =>
    turn("fetch", { url: "https://a.example/b" }, `${page} ${page} ${page}\nMade at 9:0${n}`),
  ),
  "one account written in other groups, and nothing found under it": [
    "AT61 1904 3002 3457 3201",
    "AT611904300234573201",
    "AT61-1904-3002-3457-3201",
    "at61 19043002 34573201",
  ].flatMap((iban) => turn("find_account", { iban }, { iban, matches: [] })),
  "waiting for what never changes": [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap(() => [
    ...turn("sleep", { seconds: 2 }, "ok"),
    ...turn("get_job", { id: 5 }, { state: "queued" }),
  ]),
  "the same answer again": [1, 2, 3].map(
    (): RunStep => ({ model: "gpt-4o", says: "I will now look up the opening hours for you." }),
  ),
};
const pass = (from: string, to: string, says?: string): RunStep[] => [
  { model: "gpt-4o", agent: from, asks: [hand(to)], ...(says === undefined ? {} : { says }) },
  { tool: `transfer_to_${to}`, agent: from, args: {}, result: "ok" },
];
const works = (agent: string): RunStep[] =>
  turn("look_up", { by: agent }, `seen by ${agent}`).map((step) => ({ ...step, agent }));
const route = (...path: string[]): RunStep[] => [
  ...path.slice(1).flatMap((to, i) => pass(path[i] as string, to)),
  ...works(path.at(-1) as string),
];
const circles: Record<string, RunStep[]> = {
  "round three agents, and on": route("a", "b", "c", "a", "b", "c", "d"),
  "back to the one that had worked": [...works("a"), ...route("a", "b", "c", "a", "b", "d")],
  "to and fro between two others": route("a", "b", "c", "b", "c", "d"),
  "through all, and from the start": route("a", "b", "c", "d", "a", "b"),
  "with words that only say who is to do it": [
    ...pass("a", "billing", "Our billing team takes care of that."),
    ...pass("billing", "stock", "That is a question for stock."),
    ...pass("stock", "a", "This one is not for us."),
    ...pass("a", "shipping"),
    ...works("shipping"),
  ],
};
const asks = (from: string, to: string, says: string): RunStep[] => [
  { model: "gpt-4o", agent: from, says: JSON.stringify({ next: to }) },
  { model: "gpt-4o", agent: to, says },
];
for (const [language, says] of Object.entries({
  German: "Dafür sind wir nicht zuständig.",
  Spanish: "Esto no es asunto de esta mesa.",
  French: "Cela ne relève pas de nos compétences.",
  Italian: "Questo non rientra nei nostri compiti.",
  Portuguese: "Isto não é conosco.",
  Dutch: "Dit hoort niet bij deze afdeling.",
  Japanese: "こちらは担当外です。",
  Chinese: "这件事不归我管。",
  Korean: "저희 담당이 아닙니다.",
}))
  circles[`a refusal in ${language}`] = [...asks("lead", "billing", says), ...works("lead"), ...works("shipping")];
Object.assign(circles, {
  "words that nobody knows, handed back twice": [
    ...pass("a", "billing"),
    ...pass("billing", "a", "Ez nem a mi dolgunk."),
    ...pass("a", "billing"),
    ...pass("billing", "a", "Már mondtuk: nem."),
    ...pass("a", "shipping"),
    ...works("shipping"),
  ],
  "a router that chooses by a form, and a node that says the same again": [
    ...[1, 2, 3].flatMap(() => asks("supervisor", "billing", "Ez nem a mi dolgunk, kérem.")),
    { model: "gpt-4o", agent: "supervisor", says: '{"next":"shipping"}' },
    ...works("shipping"),
  ],
  "tools that are told the name of the next one": [
    ...["billing", "stock", "billing", "stock"].flatMap((to, i, all): RunStep[] => [
      { model: "gpt-4o", agent: all[i - 1] ?? "a", asks: [{ tool: "Route", args: { destination: to } }] },
    ]),
    ...works("stock"),
  ],
});
const bounce: RunStep[] = [
  { model: "gpt-4o", agent: "triage", asks: [hand("billing")] },
  { tool: "transfer_to_billing", agent: "triage", args: {}, result: "ok" },
  { model: "gpt-4o", agent: "billing", input: 700, output: 20, asks: [hand("triage")] },
  { tool: "transfer_to_triage", agent: "billing", args: {}, result: "ok" },
  { model: "gpt-4o", agent: "triage", asks: [hand("shipping")] },
  { tool: "transfer_to_shipping", agent: "triage", args: {}, result: "ok" },
  ...turn("track", { parcel: "A1" }, "in Porto").map((step) => ({ ...step, agent: "shipping" })),
  { model: "gpt-4o", agent: "shipping", says: "Your parcel is in Porto." },
];
const innocent: Record<string, RunStep[]> = {
  "pages of one list": [1, 2, 3, 4, 5].flatMap((n) =>
    turn("list_orders", { status: "open", page: n }, { orders: [`order ${n}`] }),
  ),
  "pages by cursor, that look alike": [1, 2, 3, 4].flatMap((n) =>
    turn("list_orders", { cursor: `c${n}` }, "ten more orders of this customer, all of them open"),
  ),
  "polling until it is done": [
    ...[1, 2, 3, 4].flatMap(() => turn("get_job", { id: 5 }, { state: "running" })),
    ...turn("get_job", { id: 5 }, { state: "done" }),
  ],
  "waiting until it is done": [
    ...[1, 2, 3, 4].flatMap(() => [
      ...turn("sleep", { seconds: 2 }, "ok"),
      ...turn("get_job", { id: 5 }, { state: "queued" }),
    ]),
    ...turn("sleep", { seconds: 2 }, "ok"),
    ...turn("get_job", { id: 5 }, { state: "done" }),
  ],
  "traces by their ids": [1, 2, 3, 4].flatMap((n) => turn("get_trace", { trace_id: `aaaa${n}` }, "not kept any more")),
  "a timetable that changes": [1, 2, 3, 4].flatMap((n) =>
    turn("next_train", { from: "Graz" }, `The next train leaves at 10:${10 + n} from platform 3.`),
  ),
  "days and figures that look like groups": ["2026-11-12", "2026-1-112", "20.2611", "202.611"].flatMap((day) =>
    turn("find_slots", { day }, "closed"),
  ),
  "different accounts": ["AT61 1904", "AT61 1905", "AT61 1906", "AT61 1907"].flatMap((iban) =>
    turn("find_account", { iban }, "closed"),
  ),
  "different files": ["a", "b", "c", "d"].flatMap((name) => turn("read_file", { path: `src/${name}.ts` }, "export {}")),
  "different things of one kind": ["red lamp", "blue lamp", "green lamp", "big lamp"].flatMap((query) =>
    turn("price", { query }, "12"),
  ),
  "side by side over different inputs": [
    { model: "gpt-4o", asks: ["Rome", "Oslo", "Bern"].map((city) => ({ tool: "weather", args: { city } })) },
    ...["Rome", "Oslo", "Bern"].map(
      (city): RunStep => ({ tool: "weather", args: { city }, result: "sunny all day long", at: 1100 }),
    ),
  ],
  "the same question side by side": [
    { model: "gpt-4o", asks: [1, 2, 3].map(() => ({ tool: "vote", args: {} })) },
    ...[1, 2, 3].map((): RunStep => ({ tool: "vote", args: {}, result: "yes", at: 1100 })),
  ],
  "tried again by the program after failures": [
    { model: "gpt-4o", asks: [{ tool: "fetch", args: { url: "x" } }] },
    ...[1, 2].map((): RunStep => ({ tool: "fetch", args: { url: "x" }, error: "ECONNRESET" })),
    { tool: "fetch", args: { url: "x" }, result: page },
  ],
  "tests run until they pass": [3, 2, 1, 0].flatMap((failing) => [
    ...turn("run_tests", {}, { failing }),
    ...turn("edit", { path: "src/app.ts", patch: `fix number ${failing}` }, "ok"),
  ]),
  "the same look between different edits": [1, 2, 3, 4].flatMap((n) => [
    ...turn("git_status", {}, "1 file changed"),
    ...turn("edit", { path: `src/file${n}.ts`, patch: `change ${n}` }, "ok"),
  ]),
  "short answers to different questions": ["a?", "b?", "c?", "d?"].map(
    (user): RunStep => ({ model: "gpt-4o", user, says: "Yes." }),
  ),
  "asked twice": [1, 2].flatMap(() => turn("search", { query: "opening hours" }, page)),
  "an agent that works and hands back": [
    { model: "gpt-4o", agent: "triage", asks: [hand("billing")] },
    { tool: "transfer_to_billing", agent: "triage", args: {}, result: "ok" },
    ...turn("find_invoice", { id: 4 }, "paid on Monday").map((step) => ({ ...step, agent: "billing" })),
    { model: "gpt-4o", agent: "billing", asks: [hand("triage")] },
    { tool: "transfer_to_triage", agent: "billing", args: {}, result: "ok" },
    { model: "gpt-4o", agent: "triage", says: "It was paid on Monday." },
  ],
  "a router that hands on once": [...pass("triage", "billing"), ...works("billing")],
  "from one to the next, each for the first time": [
    ...pass("triage", "billing"),
    ...pass("billing", "shipping"),
    ...pass("shipping", "returns"),
    ...works("returns"),
  ],
  "a planner and a worker that works each time": [
    ...pass("planner", "worker"),
    ...works("worker"),
    ...pass("worker", "planner"),
    ...pass("planner", "worker"),
    ...works("worker"),
    ...pass("worker", "planner"),
    { model: "gpt-4o", agent: "planner", says: "All is done as it was planned." },
  ],
  "a specialist that answers from what it knows": [
    ...pass("triage", "law"),
    ...pass("law", "triage", "Goods may be sent back within 14 days, whatever the reason."),
    { model: "gpt-4o", agent: "triage", says: "You have 14 days." },
  ],
  "a specialist that is asked again about something else": [
    ...asks("lead", "law", "Goods may be sent back within 14 days of the purchase."),
    ...asks("lead", "law", "The seller pays for the way back where the goods are broken."),
    { model: "gpt-4o", agent: "lead", says: "14 days; the seller pays where goods are broken." },
  ],
  "a reviewer that finds good what was done in between": [1, 2, 3].flatMap((n) => [
    ...turn("write_chapter", { n }, `chapter ${n} is written`).map((step) => ({ ...step, agent: "writer" })),
    ...pass("writer", "reviewer"),
    ...pass("reviewer", "writer", "Good as it stands, go on."),
  ]),
  "a writer and a critic who talk it over": [
    ...pass("writer", "critic", "Roses are red, violets are blue."),
    ...pass("critic", "writer", "Too plain: where is the scent of them, and the evening?"),
    ...pass("writer", "critic", "Roses at evening, red with their scent, violets in blue."),
    { model: "gpt-4o", agent: "critic", says: "Fine now: Roses at evening, red with their scent, violets in blue." },
  ],
  "a writer that writes and hands back": [
    { model: "gpt-4o", agent: "lead", asks: [hand("writer")] },
    { tool: "transfer_to_writer", agent: "lead", args: {}, result: "ok" },
    { model: "gpt-4o", agent: "writer", says: "Roses are red, violets are blue.", asks: [hand("lead")] },
    { tool: "transfer_to_lead", agent: "writer", args: {}, result: "ok" },
    { model: "gpt-4o", agent: "lead", asks: [hand("printer")] },
    { tool: "transfer_to_printer", agent: "lead", args: {}, result: "ok" },
    { model: "gpt-4o", agent: "printer", says: "Printed." },
  ],
};

Object.assign(loops, circles);
const names = [...Object.keys(loops), ...Object.keys(innocent)];
const runs = new Map<string, OtlpSpan[]>();
let store: TestStore;
beforeAll(async () => {
  for (const [i, name] of names.entries())
    runs.set(name, runOf(i + 1, [...((loops[name] ?? innocent[name]) as RunStep[]), answer]));
  runs.set("bounce", runOf(200, bounce));
  runs.set(
    "limit",
    runOf(201, loops["one tool, the same arguments"] as RunStep[], {
      fails: "Recursion limit of 10 reached without a final answer",
    }),
  );
  store = await storeOf([...runs.values()].map((spans) => requestOf(spans)));
});
afterAll(() => store.remove());

async function findings(name: string): Promise<Finding[]> {
  const trace = name === "bounce" ? 200 : name === "limit" ? 201 : names.indexOf(name) + 1;
  return (await store.reader.diagnoseTrace({ trace_id: traceId(trace) })).findings;
}

const number = (span: OtlpSpan, key: string) =>
  Number(span.attributes?.find((each) => each.key === key)?.value?.intValue ?? 0);
const tokensOf = (spans: OtlpSpan[]) =>
  spans.reduce(
    (sum, span) => sum + number(span, "gen_ai.usage.input_tokens") + number(span, "gen_ai.usage.output_tokens"),
    0,
  );
const msOf = (spans: OtlpSpan[]) =>
  spans.reduce(
    (sum, span) =>
      sum + Number(BigInt(span.endTimeUnixNano as string) - BigInt(span.startTimeUnixNano as string)) / 1e6,
    0,
  );

describe("a loop", () => {
  it.each(Object.keys(loops))("is found first: %s", async (name) => {
    const [first] = await findings(name);
    expect(first && [first.kind, first.severity]).toEqual(["loop", "warning"]);
  });

  it("is told with its count, its arguments, and what the repeats and the calls that led to them cost", async () => {
    const [first] = await findings("one tool, the same arguments");
    expect(first && plainPhrase(first.summary)).toMatchInlineSnapshot(
      `"Tool search was called 5 times with the same arguments {"query":"opening hours"}; nothing new came back; 4 model calls led only to repeats."`,
    );
    const spans = runs.get("one tool, the same arguments") as OtlpSpan[];
    // root, then call and tool in turn: all but the first two, and but the answer
    const repeats = spans.slice(3, 11);
    expect(first?.saves.ms).toBeCloseTo(msOf(repeats), 3);
    expect(first?.saves.tokens).toBe(tokensOf(repeats));
    expect([...(first?.evidence ?? [])].sort()).toEqual(
      [spans[2] as OtlpSpan, ...repeats].map((span) => span.spanId).sort(),
    );
  });

  it("is told without its arguments where contents are not shown", async () => {
    const reader = await limitContent(async () => store.reader, "none")();
    const { findings: shown = [] } = (await reader?.diagnoseTrace({ trace_id: traceId(1) })) ?? {};
    expect(JSON.stringify(shown)).not.toContain("opening hours");
    expect(shown[0] && plainPhrase(shown[0].summary)).toContain("[25 characters, not shown]");
  });

  it("of several tools is told as rounds", async () => {
    const [first] = await findings("two tools in turn");
    expect(first && plainPhrase(first.summary)).toMatchInlineSnapshot(
      `"4 rounds of the same calls: check_stock {"item":"lamp"}, check_orders {"item":"lamp"}; nothing new came back; 6 model calls led only to repeats."`,
    );
    const spans = runs.get("two tools in turn") as OtlpSpan[];
    expect(first?.saves.tokens).toBe(tokensOf(spans.slice(5, 17)));
  });

  it("of answers costs all but the first", async () => {
    const [first] = await findings("the same answer again");
    expect(first && plainPhrase(first.summary)).toMatchInlineSnapshot(
      `"The model answered the same 3 times in one conversation: I will now look up the opening hours for you."`,
    );
    const spans = runs.get("the same answer again") as OtlpSpan[];
    expect(first?.saves).toMatchObject({ ms: msOf(spans.slice(2, 4)), tokens: tokensOf(spans.slice(2, 4)) });
  });

  it("that ran into the framework's limit is what ended the run", async () => {
    const [first, ...more] = await findings("limit");
    expect(first).toMatchObject({ kind: "loop", severity: "critical" });
    expect(more.filter(({ severity }) => severity !== "info").map(({ kind }) => kind)).not.toContain("loop");
  });

  it("is what happens to work that was handed to the wrong agent", async () => {
    const [first, ...more] = await findings("bounce");
    expect(more.filter(({ severity }) => severity !== "info")).toEqual([]);
    expect(first && plainPhrase(first.summary)).toMatchInlineSnapshot(
      `"Agent triage handed the work to billing, which handed it back without doing anything of its own; 1 model call of billing went on it."`,
    );
    expect(first?.saves).toMatchObject({ ms: 1200, tokens: 720 });
    expect(first?.evidence).toEqual([2, 3, 4].map((n) => spanId(200_000 + n)));
  });
});

describe("a circle of agents", () => {
  it("is told with those who passed the work on, and what that cost", async () => {
    const [first] = await findings("back to the one that had worked");
    expect(first && plainPhrase(first.summary)).toMatchInlineSnapshot(
      `"The work that agent a handed on went round in a circle: b, c passed it on 3 times without doing anything of their own; 3 model calls of theirs went on it."`,
    );
    const passed = runs.get("back to the one that had worked")?.slice(5, 13) as OtlpSpan[];
    const ofOthers = [0, 1, 2, 3, 6, 7].map((i) => passed[i] as OtlpSpan);
    expect(first?.saves.tokens).toBe(tokensOf(ofOthers));
  });
});

describe("no loop", () => {
  it.each(Object.keys(innocent))("is seen in: %s", async (name) => {
    const found = await findings(name);
    expect(found.filter(({ kind, severity }) => kind === "loop" || severity !== "info")).toEqual([]);
  });
});
