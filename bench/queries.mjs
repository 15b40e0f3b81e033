// How fast each query tool answers through a real stdio client, with 100,000 and with 1,000,000 spans in the store.
import { connect } from "./client.mjs";
import { atMost, median, quantile, told } from "./figures.mjs";
import { longRunId, longRunStore } from "./long-runs.mjs";
import { agents, longTraceSpans, models, services, smallSpansStore } from "./small-spans.mjs";
import { seeded, wordOfRank } from "./text.mjs";

const repeats = 60;
const small = 5_000;
const large = 50_000;

/** name, arguments of the n-th question, and how many ms it may take; null: told, not judged. */
function questions(known) {
  const at = (list, i) => list[i % list.length];
  const tool = (name, args, limit = 20) => ({ name, args, limit });
  return {
    "list_traces, newest": tool("list_traces", (i) => ({ limit: 10 + (i % 11) })),
    "list_traces, of the last day": tool("list_traces", (i) => ({ since: `${24 + i}h` })),
    "list_traces, slowest": tool("list_traces", (i) => ({ sort: "slowest", limit: 10 + (i % 11) })),
    "list_traces, costliest of the last day": tool("list_traces", (i) => ({ sort: "costliest", since: `${24 + i}h` })),
    "list_traces, failed": tool("list_traces", (i) => ({ status: "error", limit: 10 + (i % 11) })),
    "list_traces, by service, agent and model": tool("list_traces", (i) => ({
      service: at(services, i),
      agent: at(agents, i),
      model: at(models, i),
    })),
    "list_traces, by session": tool("list_traces", (i) => ({ session_id: at(known.sessions, i) })),
    "list_traces, by text": tool("list_traces", (i) => ({ text: wordOfRank(300 + 7 * i) }), null),
    list_sessions: tool("list_sessions", (i) => ({ limit: 10 + (i % 11) })),
    "list_sessions, by agent": tool("list_sessions", (i) => ({ agent: at(agents, i) })),
    get_session: tool("get_session", (i) => ({ session_id: at(known.sessions, i) }), null),
    "get_usage, by model": tool("get_usage", () => ({ group_by: ["model"] })),
    "get_usage, by agent and model of the last day": tool("get_usage", (i) => ({
      group_by: ["agent", "model"],
      since: `${24 + i}h`,
    })),
    "get_usage, by hour": tool("get_usage", (i) => ({ group_by: ["hour"], service: at(services, i) })),
    "get_usage, by tool": tool("get_usage", () => ({ group_by: ["tool"] })),
    "get_usage, by session": tool("get_usage", () => ({ group_by: ["session"] })),
    "find_errors, of the last day": tool("find_errors", (i) => ({ since: `${1440 + i}m` }), 100),
    "find_errors, of all time": tool("find_errors", () => ({}), null),
    "compare_traces, two days": tool(
      "compare_traces",
      (i) => ({ group_a: { since: `${2880 + i}m`, until: `${1440 + i}m` }, group_b: { since: `${1440 + i}m` } }),
      100,
    ),
    "get_trace, 18 spans": tool("get_trace", (i) => ({ trace_id: at(known.traces, i) })),
    "get_trace, 200 spans": tool("get_trace", (i) => ({ trace_id: at(known.longTraces, i) })),
    get_span: tool("get_span", (i) => ({ span_id: at(known.spans, i) }), null),
    "search_spans, a rare word": tool("search_spans", (i) => ({ query: wordOfRank(15_000 + 13 * i) }), null),
    "search_spans, a common word": tool("search_spans", (i) => ({ query: wordOfRank(20 + i) }), null),
    "search_spans, two words": tool(
      "search_spans",
      (i) => ({ query: `${wordOfRank(30 + i)} ${wordOfRank(400 + i)}` }),
      null,
    ),
  };
}

export async function run() {
  const rows = [];
  const few = await open(small, rows);
  const many = await open(large, rows);
  try {
    await askBoth(few, many);
  } finally {
    await few.client.close();
    await many.client.close();
  }
  rows.push(
    told(
      "an empty request (ping): p95",
      quantile(many.pings, 0.95),
      "ms",
      `p50 ${median(many.pings).toFixed(1)} ms: what the machine and the pipe take`,
    ),
  );
  for (const [name, { name: tool, limit }] of Object.entries(many.asked)) {
    const before = few.times[name];
    const times = many.times[name];
    const p95 = quantile(times, 0.95);
    const note = `p50 ${median(times).toFixed(1)} ms; at 100,000 spans ${median(before).toFixed(1)} and ${quantile(before, 0.95).toFixed(1)} ms`;
    rows.push(limit === null ? told(`${name}: p95`, p95, "ms", note) : atMost(`${name}: p95`, p95, limit, "ms", note));
    const ratio = [`${name}: p50 against 100,000 spans`, median(times) / median(before)];
    // of ten times the spans ten times as many fail, and a day has ten times as many runs: each is looked at
    rows.push(tool === "find_errors" || tool === "compare_traces" ? told(...ratio, "×") : atMost(...ratio, 1.5, "×"));
  }
  rows.push(await diagnosing(2001, 50), await diagnosing(19_999, 1000, 8));
  return rows;
}

/** One long run, diagnosed again and again. */
async function diagnosing(spans, target, times = repeats) {
  const client = await connect(await longRunStore(spans));
  const took = [];
  for (let round = -3; round < times; round++) {
    const began = performance.now();
    await client.ask("diagnose_trace", { trace_id: longRunId(spans) });
    if (round >= 0) took.push(performance.now() - began);
  }
  await client.close();
  const name = `diagnose_trace, ${(spans - 1).toLocaleString("en")} spans: p95`;
  return atMost(name, quantile(took, 0.95), target, "ms", `p50 ${median(took).toFixed(1)} ms`);
}

/** A store of so many traces, a client on it, and what to ask it. */
async function open(traceCount, rows) {
  const store = await smallSpansStore(traceCount);
  if (store.seconds !== null) {
    const spans = traceCount * 20;
    rows.push(told(`writing ${spans.toLocaleString("en")} small spans`, spans / store.seconds, "spans/s"));
  }
  const client = await connect(store.path);
  const asked = questions(await sample(client));
  return { client, asked, times: Object.fromEntries(Object.keys(asked).map((name) => [name, []])), pings: [] };
}

/** Asks both stores the same kinds of questions in turn and in a new order each round, so that both meet the same machine. */
async function askBoth(few, many) {
  const random = seeded(1);
  const timed = async (times, call) => {
    const began = performance.now();
    await call();
    times.push(performance.now() - began);
  };
  for (let round = -3; round < repeats; round++) {
    for (const name of Object.keys(many.asked).sort(() => random.next() - 0.5)) {
      for (const { client, asked, times } of [few, many]) {
        const { name: tool, args } = asked[name];
        await timed(round < 0 ? [] : times[name], () => client.ask(tool, args(round + 3)));
      }
    }
    await timed(round < 0 ? [] : many.pings, () => many.client.ping());
  }
}

/** Ids to ask for, spread over the store. */
async function sample(client) {
  const traces = [];
  const longTraces = [];
  for (let hours = 6; hours < 144; hours += 3) {
    const answer = await client.askJson("list_traces", { until: `${hours}h`, limit: 5 });
    traces.push(...answer.traces);
    const long = await client.askJson("list_traces", {
      until: `${hours}h`,
      since: `${hours + 6}h`,
      sort: "slowest",
      limit: 3,
    });
    longTraces.push(...long.traces.filter((trace) => trace.span_count === longTraceSpans));
  }
  const usual = traces.filter((trace) => trace.span_count < longTraceSpans);
  const spans = [];
  for (const trace of usual.slice(0, 20)) {
    const tree = await client.askJson("get_trace", { trace_id: trace.trace_id });
    spans.push(...tree.spans.map((span) => span.span_id));
  }
  if (!usual.length || !longTraces.length || !spans.length) throw new Error("the store holds no traces to ask for");
  return {
    traces: usual.map((trace) => trace.trace_id),
    longTraces: longTraces.map((trace) => trace.trace_id),
    sessions: [...new Set(usual.map((trace) => trace.session_id))],
    spans: [...new Set(spans)],
  };
}
