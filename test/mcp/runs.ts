/** Agent runs as OTLP: steps one after the other under an agent, each model call with the conversation so far. */
import type { OtlpSpan } from "../../src/model/otlp.js";
import { type Attributes, morning, span } from "../store/otlp.js";

/** ms; `gap`: before it. Steps follow each other unless `at` (ms from the start of the run) says when one begins. */
type Common = { ms?: number | null; gap?: number; at?: number; error?: string; agent?: string; more?: Attributes };
type ToolStep = { tool: string; args?: unknown; result?: unknown } & Common;
type CallStep = {
  model: string;
  says?: string;
  asks?: { tool: string; args: unknown }[];
  /** a new message of the user before it */
  user?: string;
  input?: number;
  output?: number;
  firstTokenMs?: number;
} & Common;
export type RunStep = ToolStep | CallStep;

type Part = Record<string, unknown>;

/** The root has id `trace * 1000`, the steps the ids after it, in order. `fails`: error of the root. */
export function runOf(
  trace: number,
  steps: RunStep[],
  options: { task?: string; fails?: string; start?: number; tail?: number } = {},
): OtlpSpan[] {
  const start = options.start ?? morning;
  const messages: { role: string; parts: Part[] }[] = [
    { role: "user", parts: [{ type: "text", content: options.task ?? "Do the task." }] },
  ];
  const spans: OtlpSpan[] = [];
  const root = trace * 1000;
  let clock = 0;
  let open: string[] = [];
  for (const [i, step] of steps.entries()) {
    const at = step.at ?? clock + (step.gap ?? 5);
    const common = { trace, id: root + 1 + i, parent: root, start: start + at };
    const agent: Attributes = step.agent === undefined ? {} : { "gen_ai.agent.name": step.agent };
    const failed = step.error === undefined ? {} : { error: step.error };
    if ("tool" in step) {
      const id = open.shift() ?? `made-${i}`;
      const attributes: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": step.tool,
        "gen_ai.tool.call.id": id,
        ...(step.args === undefined ? {} : { "gen_ai.tool.call.arguments": JSON.stringify(step.args) }),
        ...(step.result === undefined ? {} : { "gen_ai.tool.call.result": JSON.stringify(step.result) }),
        ...agent,
        ...step.more,
      };
      const ms = step.ms === undefined ? 200 : step.ms;
      spans.push(span({ ...common, name: `execute_tool ${step.tool}`, ms, attributes, ...failed }));
      const response = step.error ?? step.result ?? null;
      messages.push({ role: "tool", parts: [{ type: "tool_call_response", id, response }] });
      clock = Math.max(clock, at + (ms ?? 0));
      continue;
    }
    if (step.user !== undefined) messages.push({ role: "user", parts: [{ type: "text", content: step.user }] });
    open = (step.asks ?? []).map((_, n) => `call-${i}-${n}`);
    const parts: Part[] = [
      ...(step.says === undefined ? [] : [{ type: "text", content: step.says }]),
      ...(step.asks ?? []).map(({ tool, args }, n) => ({
        type: "tool_call",
        id: open[n],
        name: tool,
        arguments: args,
      })),
    ];
    const attributes: Attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": step.model,
      "gen_ai.usage.input_tokens": step.input ?? 1000 + 100 * i,
      "gen_ai.usage.output_tokens": step.output ?? 50,
      "gen_ai.input.messages": JSON.stringify(messages),
      "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts }]),
      ...(step.firstTokenMs === undefined ? {} : { "gen_ai.server.time_to_first_token": step.firstTokenMs / 1000 }),
      ...agent,
      ...step.more,
    };
    const ms = step.ms === undefined ? 1000 : step.ms;
    spans.push(span({ ...common, name: `chat ${step.model}`, ms, attributes, ...failed }));
    if (step.error === undefined) messages.push({ role: "assistant", parts });
    clock = Math.max(clock, at + (ms ?? 0));
  }
  const own = span({
    trace,
    id: root,
    name: "invoke_agent helper",
    start,
    ms: clock + (options.tail ?? 5),
    attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper" },
    ...(options.fails === undefined ? {} : { error: options.fails }),
  });
  return [own, ...spans];
}

/** A model call that asks for a tool, and the tool: what most runs consist of. */
export function turn(
  tool: string,
  args: unknown,
  result: unknown,
  more: { model?: string; ms?: number; error?: string } = {},
): RunStep[] {
  const { model = "gpt-4o", ...rest } = more;
  return [
    { model, asks: [{ tool, args }] },
    { tool, args, ...(rest.error === undefined ? { result } : {}), ...rest },
  ];
}
