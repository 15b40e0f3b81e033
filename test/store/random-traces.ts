/** Random agent runs: as plain facts, and as the OTLP spans that say the same. */
import type { OtlpSpan } from "../../src/model/otlp.js";
import { type Attributes, morning, span } from "./otlp.js";
import type { Random } from "./seeded.js";

export type RawKind = "workflow" | "agent" | "llm" | "embedding" | "tool" | "retriever" | "other";

/** What is true of a span, whoever asks; `agent` and `session` as its place in the trace gives them. */
export type RawSpan = {
  trace: number;
  id: number;
  parent: number | undefined;
  kind: RawKind;
  name: string;
  service: string;
  session: string | null;
  agent: string | null;
  provider: string | null;
  model: string | null;
  tool: string | null;
  /** ms since the epoch */
  start: number;
  ms: number;
  error: boolean;
  input: number | null;
  cached: number;
  output: number | null;
  reasoning: number;
};

export type RawTrace = { service: string; session: string | null; spans: RawSpan[] };

const operations: Partial<Record<RawKind, string>> = {
  workflow: "invoke_workflow",
  agent: "invoke_agent",
  llm: "chat",
  embedding: "embeddings",
  tool: "execute_tool",
  retriever: "retrieval",
};

const models = { openai: ["gpt-4o", "gpt-4o-mini", "house-model"], mistral_ai: ["mistral-large-latest"] } as const;

let nextTrace = 1;
let nextSpan = 1;

/** `days`: over how many days from the morning on the traces start. */
export function randomTrace(random: Random, days: number): RawTrace {
  const trace = nextTrace++;
  const service = random.pick(["shop", "helpdesk"]);
  const session = random.chance(0.7) ? `visit-${random.below(5)}` : null;
  // many starts lie on the very borders of hours and days
  const start =
    morning -
    8 * 3_600_000 +
    (random.chance(0.3) ? random.below(days * 24) * 3_600_000 : random.below(days * 86_400_000));
  const spans: RawSpan[] = [];
  const add = (kind: RawKind, parent: RawSpan | undefined, agentName: string | null): RawSpan => {
    const provider = kind === "llm" || kind === "embedding" ? random.pick(["openai", "mistral_ai"] as const) : null;
    const hasTokens = kind === "llm" ? random.chance(0.9) : kind === "embedding";
    const input = hasTokens ? random.below(5000) + 1 : null;
    const output = hasTokens && kind === "llm" ? random.below(900) : null;
    const own: RawSpan = {
      trace,
      id: nextSpan++,
      parent: parent?.id,
      kind,
      name: `${kind} ${random.below(3)}`,
      service,
      session,
      agent: agentName ?? parent?.agent ?? null,
      provider,
      model: provider === null ? null : random.pick(models[provider]),
      tool: kind === "tool" ? random.pick(["search", "fetch", "mail"]) : null,
      start: start + (parent ? random.below(4 * 3_600_000) : 0),
      ms: Math.round(10 ** (random.below(500) / 100)) + 1,
      error: random.chance(0.15),
      input,
      cached: input !== null && kind === "llm" && random.chance(0.4) ? random.below(input) : 0,
      output,
      reasoning: output !== null && random.chance(0.3) ? random.below(output + 1) : 0,
    };
    spans.push(own);
    return own;
  };
  const root = add(random.pick(["workflow", "agent", "other"] as const), undefined, random.chance(0.5) ? "lead" : null);
  const parents = [root];
  const size = 1 + random.below(12);
  for (let n = 0; n < size; n++) {
    const kind = random.pick(["llm", "llm", "tool", "tool", "embedding", "agent", "retriever", "other"] as const);
    const made = add(kind, random.pick(parents), kind === "agent" ? random.pick(["seller", "writer"]) : null);
    if (kind === "agent") parents.push(made);
  }
  return { service, session, spans };
}

/** A root's session goes to the whole trace; spans name their agent only where it begins. */
function toOtlp(raw: RawSpan, parentAgent: string | null): OtlpSpan {
  const attributes: Attributes = {};
  const operation = operations[raw.kind];
  if (operation) attributes["gen_ai.operation.name"] = operation;
  if (raw.parent === undefined && raw.session !== null) attributes["session.id"] = raw.session;
  if (raw.agent !== null && raw.agent !== parentAgent) attributes["gen_ai.agent.name"] = raw.agent;
  if (raw.provider !== null) attributes["gen_ai.provider.name"] = raw.provider;
  if (raw.model !== null) attributes["gen_ai.request.model"] = raw.model;
  if (raw.tool !== null) attributes["gen_ai.tool.name"] = raw.tool;
  if (raw.input !== null) attributes["gen_ai.usage.input_tokens"] = raw.input;
  if (raw.output !== null) attributes["gen_ai.usage.output_tokens"] = raw.output;
  if (raw.cached > 0) attributes["gen_ai.usage.cache_read.input_tokens"] = raw.cached;
  if (raw.reasoning > 0) attributes["gen_ai.usage.reasoning.output_tokens"] = raw.reasoning;
  const shape = { trace: raw.trace, id: raw.id, name: raw.name, start: raw.start, ms: raw.ms, attributes };
  return span({
    ...shape,
    ...(raw.parent === undefined ? {} : { parent: raw.parent }),
    ...(raw.error ? { error: "failed" } : {}),
  });
}

export function spansOf({ spans }: RawTrace): OtlpSpan[] {
  const byId = new Map(spans.map((raw) => [raw.id, raw]));
  return spans.map((raw) => toOtlp(raw, raw.parent === undefined ? null : (byId.get(raw.parent)?.agent ?? null)));
}
