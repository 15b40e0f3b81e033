/** Failures by fault: every number against adding up the spans, whatever the order in which they arrived. */
import { describe, expect, test } from "vitest";
import type { Ingest } from "../../src/ingest/ingest.js";
import type { ErrorGroup, ErrorListing } from "../../src/model/error-group.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { openReader } from "../../src/store/open.js";
import type { ErrorQuery, TraceReader } from "../../src/store/reader.js";
import { availableEngines, engineOfEachFamily } from "./available-engines.js";
import { bruteForceErrors, type FailingTrace, isFailure } from "./brute-force-errors.js";
import { attributesOf, chat, message, morning, requestOf, span, spanId, traceId } from "./otlp.js";
import { randomTrace, spansOf } from "./random-traces.js";
import { type Random, seeded } from "./seeded.js";
import { settleAll, withIngest, withReader } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

const hour = 3_600_000;
const days = 4;
const midnight = morning - 8 * hour;
const now = midnight + days * 24 * hour;

/** Two spans with one of these have one fault when they are of one place. */
const faults = ["no answer after", "quota used up:", "card closed, no"];

function failingTrace(random: Random): FailingTrace {
  const trace = randomTrace(random, days);
  return {
    ...trace,
    spans: trace.spans.map((raw) => {
      const error = random.chance(0.4);
      return { ...raw, error, open: random.chance(0.08), fault: error ? random.pick(faults) : null };
    }),
  };
}

/** What each span arrives as: ended, or never ended. */
function otlpOf(trace: FailingTrace): OtlpSpan[] {
  return spansOf(trace).map((one, index) => {
    const raw = trace.spans[index] as FailingTrace["spans"][number];
    if (raw.open) {
      const { endTimeUnixNano: _, status: __, ...running } = one;
      return running;
    }
    return isFailure(raw) ? { ...one, status: { code: 2, message: `${raw.fault} ${raw.id}` } } : one;
  });
}

/** In random order and batches; some spans are first seen running. */
function send(ingest: Ingest, random: Random, traces: FailingTrace[]): void {
  const sent = traces.flatMap((trace) => otlpOf(trace).map((one) => ({ one, service: trace.service })));
  const early = sent
    .filter(() => random.chance(0.15))
    .map(({ one: { endTimeUnixNano: _, status: __, ...running }, service }) => ({ one: running as OtlpSpan, service }));
  const all = [...random.shuffle(early), ...random.shuffle(sent)];
  while (all.length > 0) {
    const batch = all.splice(0, 1 + random.below(40));
    for (const service of ["shop", "helpdesk"]) {
      const spans = batch.filter((entry) => entry.service === service).map(({ one }) => one);
      if (spans.length > 0) expect(ingest.traces(requestOf(spans, service)).rejected).toEqual([]);
    }
  }
}

function randomQuestion(random: Random): Omit<ErrorQuery, "limit"> {
  const time = () => midnight + random.below((days + 1) * 24) * hour;
  const question: Omit<ErrorQuery, "limit"> = { now };
  if (random.chance(0.6)) question.since = time();
  if (random.chance(0.4)) question.until = Math.max(time(), (question.since ?? 0) + hour);
  if (question.since !== undefined && question.since >= now) delete question.since;
  if (random.chance(0.2)) question.service = random.pick(["shop", "helpdesk", "nobody"]);
  if (random.chance(0.2)) question.session_id = `visit-${random.below(5)}`;
  if (random.chance(0.2)) question.agent = random.pick(["lead", "seller", "writer"]);
  if (random.chance(0.2)) question.model = random.pick(["gpt-4o", "house-model", "mistral-large-latest"]);
  if (random.chance(0.2)) question.status = random.pick(["ok", "error", "running", "incomplete"] as const);
  return question;
}

const idOf = (id: string) => Number.parseInt(id.slice(4), 16);

function figuresOf(group: ErrorGroup) {
  const {
    fault: _,
    error_type: __,
    error_message: ___,
    kind: ____,
    place: _____,
    examples: ______,
    ...figures
  } = group;
  return figures;
}

function expectErrors(found: ErrorListing, traces: FailingTrace[], question: Omit<ErrorQuery, "limit">): void {
  const truth = bruteForceErrors(traces, question);
  const what = JSON.stringify(question);
  expect(found.total, what).toEqual(truth.total);
  expect(found.coverage.matched, what).toBe(truth.groups.length);
  expect(found.groups.length, what).toBe(truth.groups.length);
  for (const group of found.groups) {
    const [example] = group.examples;
    const own = truth.groups.find(({ spans }) => spans.some(({ id }) => id === idOf(example?.span_id ?? "")));
    expect(figuresOf(group), what).toEqual(own?.figures);
    // of each outcome that occurs, the newest
    const outcomes = (["ended", "recovered", "open"] as const).filter((outcome) => group[outcome] > 0);
    expect(group.examples.map(({ outcome }) => outcome)).toEqual(outcomes);
    for (const { outcome, span_id, trace_id, start } of group.examples) {
      const same = own?.spans.filter((one) => one.outcome === outcome) ?? [];
      const newest = same.filter((one) => one.start === Math.max(...same.map((each) => each.start)));
      expect(
        newest.map((one) => [traceId(one.trace), spanId(one.id), new Date(one.start).toISOString()]),
      ).toContainEqual([trace_id, span_id, start]);
    }
    const fault = faults.find((words) => own?.fault.startsWith(words)) as string;
    expect(group.error_message).toBe(`${fault} ${idOf(example?.span_id ?? "")}`);
  }
  const rank = ({ ended_runs, failures }: ErrorGroup) => ended_runs * 1e6 + failures;
  expect(found.groups.map(rank)).toEqual(found.groups.map(rank).sort((a, b) => b - a));
}

async function askMany(reader: TraceReader, random: Random, traces: FailingTrace[], count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const question = randomQuestion(random);
    expectErrors(await reader.findErrors({ ...question, limit: 200 }), traces, question);
  }
}

describe.each(availableEngines)("on %s", (engine) => {
  test("every number equals adding up the spans, in any order of arrival, settled or not", async () => {
    const random = seeded(7);
    const store = { path: newStorePath(), engine };
    const traces = Array.from({ length: 60 }, () => failingTrace(random));
    await withIngest(store, async (ingest) => {
      const reader = await openReader(store.path, { engine });
      send(ingest, random, traces.slice(0, 30));
      ingest.maintain();
      await askMany(reader, random, traces.slice(0, 30), 30);
      settleAll(ingest);
      await askMany(reader, random, traces.slice(0, 30), 20);
      send(ingest, random, traces.slice(30));
      ingest.maintain();
      await askMany(reader, random, traces, 30);
      settleAll(ingest);
      await askMany(reader, random, traces, 30);
      reader.close();
    });
  });
});

const failing = (shape: Parameters<typeof span>[0], type?: string): OtlpSpan =>
  span({ error: "no answer", ...shape, attributes: { ...shape.attributes, ...(type ? { "error.type": type } : {}) } });
const tool = (name: string) => ({ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name });

describe.each(engineOfEachFamily)("on %s", (engine) => {
  const store = () => ({ path: newStorePath(), engine });
  const ask = (target: ReturnType<typeof store>, query: Partial<ErrorQuery> = {}) =>
    withReader(target, (reader) => reader.findErrors({ limit: 20, now, ...query }));

  test("what became of a failure is known whatever came first, and follows what comes later", async () => {
    // root (ok or failed) ← agent (failed) ← tool (failed)
    const chain = (root: Partial<Parameters<typeof span>[0]>) => [
      span({ trace: 1, id: 1, ...root }),
      failing({ trace: 1, id: 2, parent: 1 }),
      failing({ trace: 1, id: 3, parent: 2, attributes: tool("search") }),
    ];
    const ends = { ended: { error: "gave up" }, recovered: {}, open: { ms: null } };
    for (const [outcome, root] of Object.entries(ends)) {
      for (const order of [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ]) {
        const target = store();
        await withIngest(target, (ingest) => {
          for (const at of order) ingest.traces(requestOf([chain(root)[at] as OtlpSpan]));
        });
        const { groups, total } = await ask(target);
        expect(groups.map((group) => [group.place, group.failures])).toEqual([["search", 1]]);
        expect(total).toMatchObject({ failures: 1, [outcome]: 1, passed_on: outcome === "ended" ? 2 : 1 });
        expect(groups[0]?.examples).toMatchObject([{ outcome, trace_id: traceId(1), span_id: spanId(3) }]);
      }
    }
  });

  test("a trace of many spans has what became of its failures at once, and exactly when it has settled", async () => {
    const target = store();
    const spans = Array.from({ length: 3000 }, (_, n) =>
      n % 100 === 0
        ? failing({ trace: 1, id: 10 + n, parent: 2, start: morning + n, attributes: tool("search") })
        : span({ trace: 1, id: 10 + n, parent: 2, start: morning + n }),
    );
    await withIngest(target, async (ingest) => {
      for (let at = 0; at < spans.length; at += 500) ingest.traces(requestOf(spans.slice(at, at + 500)));
      ingest.traces(requestOf([failing({ trace: 1, id: 2, parent: 1 }), span({ trace: 1, id: 1 })]));
      ingest.traces(requestOf([failing({ trace: 1, id: 5, parent: 1, attributes: tool("fetch") })]));
      ingest.maintain();
      expect((await ask(target)).groups.find((group) => group.place === "fetch")).toMatchObject({ recovered: 1 });
      settleAll(ingest);
      ingest.maintain();
    });
    const { groups, total } = await ask(target);
    expect(total).toMatchObject({ failures: 31, recovered: 31, ended: 0, passed_on: 1, failed_runs: 1, runs: 1 });
    expect(groups.map((group) => [group.place, group.failures])).toEqual([
      ["search", 30],
      ["fetch", 1],
    ]);
  });

  test("words narrow it to spans that have them, status to runs that ended so", async () => {
    const target = store();
    await withIngest(target, (ingest) => {
      ingest.traces(
        requestOf([
          span({ trace: 1, id: 1, error: "gave up" }),
          failing({ trace: 1, id: 2, parent: 1, error: "lisbon is closed", attributes: tool("search") }),
          span({ trace: 2, id: 3, name: "plan lisbon" }),
          failing({ trace: 2, id: 4, parent: 3, error: "quota used up", attributes: tool("search") }),
        ]),
      );
      settleAll(ingest);
    });
    const messages = async (query: Partial<ErrorQuery>) =>
      (await ask(target, query)).groups.map((group) => group.error_message);
    expect(await messages({ text: "lisbon" })).toEqual(["lisbon is closed"]);
    expect(await messages({ status: "error" })).toEqual(["lisbon is closed"]);
    expect(await messages({ status: "ok" })).toEqual(["quota used up"]);
    expect(await messages({ text: "nowhere" })).toEqual([]);
  });

  test("pages hold each fault once, in one order", async () => {
    const target = store();
    await withIngest(target, (ingest) => {
      const spans = Array.from({ length: 45 }, (_, n) =>
        failing({ trace: 1 + n, id: 1 + n, start: morning + n, attributes: tool(`tool ${n % 15}`) }, `Type${n % 15}`),
      );
      ingest.traces(requestOf(spans));
    });
    const whole = (await ask(target, { limit: 200 })).groups.map((group) => group.fault);
    expect(new Set(whole).size).toBe(15);
    const walked: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask(target, { limit: 4, ...(cursor === undefined ? {} : { cursor }) });
      walked.push(...page.groups.map((group) => group.fault));
      cursor = page.coverage.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(walked).toEqual(whole);
  });

  test("a trend is told only where runs began in the time before, and says from when on it knows", async () => {
    const target = store();
    const at = (hours: number, id: number) =>
      failing({ trace: id, id, start: now - hours * hour, attributes: tool("search") });
    await withIngest(target, (ingest) => void ingest.traces(requestOf([at(1, 1), at(2, 2), at(30, 3)])));
    const day = await ask(target, { since: now - 24 * hour });
    expect(day.total).toMatchObject({ failures: 2, failures_before: 1, runs_before: 1 });
    expect(day.groups).toMatchObject([{ failures: 2, failures_before: 1, last_hour: 1, last_day: 2 }]);
    expect(day.coverage.notes).toEqual([expect.stringContaining("its figures are low")]);
    const shortly = await ask(target, { since: now - 4 * hour });
    expect(shortly.groups).toMatchObject([{ failures: 2, failures_before: null }]);
    expect(shortly.coverage.notes).toEqual([expect.stringContaining("there is no trend")]);
    expect((await ask(target)).groups).toMatchObject([{ failures: 3, failures_before: null }]);
  });

  test("no words can make one run fill the table of what occurs in it", async () => {
    const target = store();
    const spans = Array.from({ length: 400 }, (_, n) =>
      failing({ trace: 1, id: 2 + n, parent: 1, error: `word${String.fromCharCode(97 + (n % 26))}${"x".repeat(n)}` }),
    );
    await withIngest(target, (ingest) => {
      ingest.traces(requestOf([span({ trace: 1, id: 1 }), ...spans]));
      settleAll(ingest);
    });
    const { groups, coverage } = await ask(target, { limit: 200 });
    expect([groups.length, coverage.matched]).toEqual([200, 400]);
  });
});

test("what a prompt, a version and a path are is kept by trace", async () => {
  const target = { path: newStorePath(), engine: availableEngines[0] as (typeof availableEngines)[number] };
  const system = "Be brief. ".repeat(100);
  const asks = (text: string) => [message("system", system), message("user", text)];
  const attributes = (n: number) => ({
    plain: chat({ messages: asks(`question ${n}`) }),
    apart: chat({
      messages: [message("user", "hi")],
      more: { "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: system }]) },
    }),
    continued: chat({ messages: [...asks(`question ${n}`), message("assistant", "well"), message("user", "and?")] }),
    none: chat({ messages: [message("user", `the system ${n}`)] }),
  });
  const runs = [1, 2].map((n) => [
    span({
      trace: n,
      id: 10 * n,
      attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper" },
    }),
    ...Object.values(attributes(n)).map((own, index) =>
      span({ trace: n, id: 10 * n + 1 + index, parent: 10 * n, start: morning + index, attributes: own }),
    ),
    ...[7, 8].map((id) =>
      span({ trace: n, id: 10 * n + id, parent: 10 * n, start: morning + id * n, attributes: tool("search") }),
    ),
  ]);
  await withIngest(target, (ingest) => {
    for (const [index, spans] of runs.entries()) {
      const request = requestOf(spans);
      request.resourceSpans?.[0]?.resource?.attributes?.push(...attributesOf({ "service.version": `1.${index}` }));
      ingest.traces(request);
    }
  });
  const { openForReading } = await import("../../src/store/open-store.js");
  const opened = await openForReading(target.path, { engine: target.engine });
  const prompts = opened.all("SELECT prompt FROM span WHERE kind = 1 ORDER BY id").map(({ prompt }) => prompt);
  expect(prompts.map((prompt) => prompt === null)).toEqual([false, false, false, true, false, false, false, true]);
  // apart from the messages, in front of them, or in those of the call it continues: one text is one prompt
  expect(new Set(prompts.filter((prompt) => prompt !== null)).size).toBe(1);
  const values = (facet: number) =>
    opened.all("SELECT DISTINCT value FROM trace_facet WHERE facet = ?", [facet]).length;
  expect({ versions: values(8), prompts: values(9), paths: values(10), errors: values(11) }).toEqual({
    versions: 2,
    prompts: 1,
    paths: 1,
    errors: 0,
  });
  opened.close();
});
