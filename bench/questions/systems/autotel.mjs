// How autotel-mcp is asked: a process a file, which receives the file's lines over OTLP and answers over stdio.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { name, startAutotel } from "../../autotel.mjs";

export { name };

const firstPort = 14_331;
const dayMinutes = 1440;

/** Sends the files and gives `{call, diagnose, compare, close}`; its own defaults, but that nothing old is thrown away. */
export async function open(files) {
  const servers = {};
  try {
    for (const [i, [data, file]] of Object.entries(files).entries()) {
      servers[data] = await startAutotel({ port: firstPort + i });
      await send(file, `${servers[data].url}/v1/traces`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  function close() {
    return Promise.all(Object.values(servers).map((server) => server.close()));
  }
  const ask = async (data, tool, args) => JSON.parse(await servers[data].ask(tool, args)).data;
  return {
    call: (data, tool, args) => servers[data].ask(tool, args),
    diagnose: (data, traceId) => diagnose((tool) => ask(data, tool, { traceId })),
    compare: (data, a, b) => compare((tool, args) => ask(data, tool, args), a, b),
    close,
  };
}

async function send(file, url) {
  for await (const body of createInterface({ input: createReadStream(file) })) {
    if (!body) continue;
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} refused a request: ${response.status} ${text.slice(0, 200)}`);
  }
}

/** What each of its diagnosing tools names first. Its slowest span is told of every trace, so that it is no complaint. */
async function diagnose(ask) {
  const findings = [];
  const { bottleneck, reason, resource } = await ask("find_root_cause");
  if (bottleneck) {
    const type = { ...resource, ...bottleneck.tags }["error.type"] ?? "";
    const summary = `${reason} ${type}`.trim();
    findings.push({ ...named(summary, bottleneck.hasError ? "error" : "info"), evidence: [bottleneck.spanId] });
  }
  const [query] = (await ask("find_repeated_queries")).repeated;
  if (query) findings.push(named(`${query.statement} ran ${query.count} times`, "warning"));
  const { topOperations } = await ask("summarize_trace");
  const repeated = topOperations.find(({ operation }) => !isModelOrAgent(operation));
  if (repeated?.count > 2)
    findings.push({
      ...named(`${repeated.operation} was called ${repeated.count} times`, "info"),
      operation: repeated.operation,
    });
  return { findings };
}

const named = (summary, severity) => ({ kind: null, severity, summary, evidence: [] });
const isModelOrAgent = (operation) =>
  /^(chat|invoke_agent|ai\.(generate|stream)Text|OpenAI|Anthropic|openai|anthropic|step)\b/.test(operation);

/**
 * The first anomaly of the later group's service; where it sees none, what differs twofold in its figures of both: the
 * spans that failed, then the tokens a model call.
 */
async function compare(ask, a, b) {
  const { findings } = await ask("explain_slowdown", { service: b.service, lookbackMinutes: dayMinutes });
  if (findings.length) return { first: findings[0].anomaly.description, text: "" };
  const errors = [await failedSpans(ask, a), await failedSpans(ask, b)];
  const [fewer, more] = errors.toSorted((one, other) => one.length - other.length);
  if (more.length >= 5 && more.length >= 2 * fewer.length) {
    const [{ operationName, tags }] = more;
    const first = `${errors.map(({ length }) => length).join(" and ")} errors, ${operationName} ${tags["error.type"] ?? ""}`;
    return { first, text: "" };
  }
  const usage = [await usageOf(ask, a), await usageOf(ask, b)];
  for (const key of ["totalPromptTokens", "totalCompletionTokens"]) {
    const perCall = usage.map((each) => each[key] / Math.max(1, each.totalRequests));
    if (Math.max(...perCall) > 0 && Math.max(...perCall) >= 2 * Math.min(...perCall))
      return { first: `${key} a call: ${perCall.map(Math.round).join(" and ")}`, text: "" };
  }
  return { first: null, text: "no anomaly, and no figure that differs twofold" };
}

async function failedSpans(ask, { service, model, agent, since, until }) {
  const filters = Object.entries({ "gen_ai.response.model": model, "gen_ai.agent.name": agent })
    .filter(([, value]) => value)
    .map(([field, value]) => ({ field, operator: "equals", valueType: "string", value }));
  const { resource, items } = await ask("search_spans", {
    serviceName: service,
    errorOnly: true,
    limit: 100,
    ...(filters.length && { filters }),
    ...(since && { from: since, to: "now" }),
    ...(until && { from: "now-30d", to: until }),
  });
  return items.map((span) => ({ ...span, tags: { ...resource, ...span.tags } }));
}

async function usageOf(ask, { service, model, since, until }) {
  const { summary } = await ask("get_llm_usage", {
    serviceName: service,
    ...(model && { genAiResponseModel: model }),
    ...(since && { startTime: since }),
    ...(until && { endTime: until }),
  });
  return summary;
}
