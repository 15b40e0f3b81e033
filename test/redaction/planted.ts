/** Private values planted into every place of OTLP that can hold a string, each place with values of its own. */
import type { AnyValue, KeyValue, LogsData, OtlpSpan, TracesData } from "../../src/model/otlp.js";
import type { RedactionOptions } from "../../src/redaction/options.js";
import { readRedaction } from "../../src/redaction/options.js";
import type { RedactionMode, RedactionSettings } from "../../src/redaction/settings.js";

/** Made here, so that no scanner takes it for a real one. */
const token = (n: number) =>
  ["ghp", `${"aB3dE6gH9jK2mN5pQ8rS".repeat(2)}`.slice(0, 36 - 3) + String(n).padStart(3, "0")].join("_");

/** A text with an e-mail address, a key and an order's number, which tell where they were planted. */
export function secret(place: number): string {
  return `ask planted${place}@example.com with ${token(place)} about ORD-${String(place).padStart(8, "0")}`;
}

const needles = /planted(\d+)@example|aB3dE6gH9jK2mN5pQ8rSaB3dE6gH9jK2m(\d{3})|ORD-0*(\d+)/g;

/** The places whose values are still in a text. */
export function placesIn(text: string): number[] {
  const found = [...text.matchAll(needles)].map(([, mail, key, order]) => Number(mail ?? key ?? order));
  return [...new Set(found)].sort((a, b) => a - b);
}

const plantedOptions = (mode: RedactionMode): RedactionOptions => ({
  patterns: ["email", "credit_card"],
  custom: { order: /ORD-\d{8}/ },
  keys: ["password"],
  mode,
});

export function plantedSettings(mode: RedactionMode): RedactionSettings {
  return readRedaction(plantedOptions(mode)).settings;
}

const text = (key: string, stringValue: string): KeyValue => ({ key, value: { stringValue } });

/** One conversation over `calls` calls, and a span with a value in every other place. `trace` names both. */
export function plantedTraces(trace: string, calls = 4): TracesData {
  const history: object[] = [];
  const spans: OtlpSpan[] = [];
  for (let call = 0; call < calls; call++) {
    history.push({ role: "user", parts: [{ type: "text", content: secret(100 + call) }] });
    spans.push(
      span(trace, 10 + call, "chat", [
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.request.model", "gpt-4o"),
        text("session.id", "planted90@example.com"),
        text("gen_ai.input.messages", JSON.stringify(history)),
        text(
          "gen_ai.output.messages",
          JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: secret(120 + call) }] }]),
        ),
        text("gen_ai.system_instructions", JSON.stringify([{ type: "text", content: secret(91) }])),
        text("gen_ai.tool.definitions", JSON.stringify([{ type: "function", name: "mail", description: secret(92) }])),
      ]),
    );
    const args = JSON.stringify({ to: secret(140 + call), nested: JSON.stringify({ cc: secret(150 + call) }) });
    history.push(
      { role: "assistant", parts: [{ type: "tool_call", id: "c", name: "mail", arguments: args }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "c", response: secret(160 + call) }] },
    );
  }
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [
            text("service.name", secret(1)),
            text("session.id", secret(2)),
            text(secret(3), "x"),
            list("process.command_args", 4),
          ],
        },
        schemaUrl: `https://example.org/${secret(5)}`,
        scopeSpans: [
          {
            scope: { name: secret(6), version: secret(7), attributes: [text("scope", secret(8))] },
            schemaUrl: secret(9),
            spans: [...spans, everywhere(trace), ...kinds(trace)],
          },
        ],
      },
    ],
  };
}

function span(trace: string, id: number, name: string, attributes: KeyValue[]): OtlpSpan {
  return {
    traceId: trace,
    spanId: id.toString(16).padStart(16, "5"),
    name,
    kind: 1,
    startTimeUnixNano: "1794297600000000000",
    endTimeUnixNano: "1794297600500000000",
    attributes,
    status: {},
  };
}

function list(key: string, place: number): KeyValue {
  return { key, value: { arrayValue: { values: [{ stringValue: secret(place) }, { boolValue: true }] } } };
}

function everywhere(trace: string): OtlpSpan {
  const deep: AnyValue = { kvlistValue: { values: [text(secret(20), secret(21)), list("deeper", 22)] } };
  const strange = { foo: secret(23), [secret(24)]: { bar: [secret(25)] } };
  return {
    ...span(trace, 1, secret(26), [
      text("note", secret(27)),
      text(secret(28), "value"),
      text("json", JSON.stringify({ a: [secret(29)], [secret(30)]: { b: JSON.stringify([secret(31)]) } })),
      list("list", 32),
      { key: "deep", value: deep },
      {
        key: "mixed",
        value: { arrayValue: { values: [deep, { arrayValue: { values: [{ stringValue: secret(33) }] } }] } },
      },
      text("db.password", "planted34@example"),
      { key: "password", value: { kvlistValue: { values: [text("any", "planted35@example")] } } },
      { key: "card", value: { intValue: "4111111111111111" } },
      text("long", `${"so it goes ".repeat(400)}${secret(36)}`),
      text("user.id", "planted37@example.com"),
      text("gen_ai.agent.name", secret(38)),
      text("error.type", secret(39)),
      { key: "malformed", value: secret(40) as AnyValue },
      { key: "two", value: { stringValue: secret(41), intValue: 1 } },
      { ...text("more", secret(42)), ...{ extra: secret(43) } },
    ]),
    traceState: `vendor=${secret(44)}`,
    parentSpanId: secret(45),
    status: { code: 2, message: secret(46) },
    events: [
      {
        timeUnixNano: "1794297600400000000",
        name: secret(47),
        attributes: [text("event", secret(48)), { key: "deep", value: deep }],
      },
      {
        timeUnixNano: "1794297600400000000",
        name: "exception",
        attributes: [
          text("exception.type", "Error"),
          text("exception.message", secret(49)),
          text("exception.stacktrace", `Error: ${secret(50)}\n    at f (a.js:1:1)`),
        ],
      },
    ],
    links: [
      { traceId: secret(51), spanId: secret(52), traceState: secret(53), attributes: [text("link", secret(54))] },
    ],
    ...strange,
  };
}

/** What instrumentations write that have forms of their own. */
function kinds(trace: string): OtlpSpan[] {
  return [
    span(trace, 2, "execute_tool", [
      text("gen_ai.operation.name", "execute_tool"),
      text("gen_ai.tool.name", secret(60)),
      text("gen_ai.tool.call.arguments", JSON.stringify({ to: secret(61) })),
      text("gen_ai.tool.call.result", secret(62)),
    ]),
    span(trace, 3, "openinference", [
      text("openinference.span.kind", "LLM"),
      text("llm.model_name", secret(63)),
      text("llm.input_messages.0.message.role", "user"),
      text("llm.input_messages.0.message.content", secret(64)),
      text("llm.output_messages.0.message.role", "assistant"),
      text(
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments",
        JSON.stringify({ x: secret(65) }),
      ),
      text("input.value", JSON.stringify({ messages: [{ role: "user", content: secret(66) }] })),
      text("llm.invocation_parameters", JSON.stringify({ system: secret(67) })),
      text("metadata", JSON.stringify({ user_id: "planted68@example.com", thread_id: "planted69@example.com" })),
    ]),
    span(trace, 4, "openllmetry", [
      text("llm.request.type", "chat"),
      text("gen_ai.prompt.0.role", "user"),
      text("gen_ai.prompt.0.content", secret(70)),
      text("gen_ai.completion.0.content", secret(71)),
      text("traceloop.association.properties.user_id", secret(72)),
      text("traceloop.entity.input", JSON.stringify({ inputs: secret(73) })),
    ]),
    span(trace, 5, "vercel", [
      text("ai.operationId", "ai.generateText.doGenerate"),
      text("ai.prompt.messages", JSON.stringify([{ role: "user", content: [{ type: "text", text: secret(74) }] }])),
      text("ai.response.text", secret(75)),
      text("ai.response.toolCalls", JSON.stringify([{ toolName: "mail", args: JSON.stringify({ to: secret(76) }) }])),
      text("ai.telemetry.metadata.userId", secret(77)),
    ]),
    // conversations that are none
    span(trace, 6, "bracketed", [
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.input.messages", `[ no JSON, ${secret(78)}]`),
    ]),
    span(trace, 7, "twice", [
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.input.messages", JSON.stringify([{ role: "user", content: secret(79) }])),
      text("gen_ai.input.messages", JSON.stringify([{ role: "user", content: secret(80) }])),
    ]),
    span(trace, 8, "odd", [
      text("gen_ai.operation.name", "chat"),
      { ...text("gen_ai.input.messages", JSON.stringify([{ role: "user", content: secret(81) }])), ...{ more: 1 } },
    ]),
  ];
}

export function plantedLogs(trace: string): LogsData {
  return {
    resourceLogs: [
      {
        resource: { attributes: [text("service.name", secret(180))] },
        scopeLogs: [
          {
            scope: { name: secret(181) },
            logRecords: [
              {
                traceId: trace,
                spanId: (10).toString(16).padStart(16, "5"),
                timeUnixNano: "1794297600400000000",
                eventName: "gen_ai.user.message",
                severityText: secret(182),
                body: { kvlistValue: { values: [text("content", secret(183))] } },
                attributes: [text("gen_ai.system", secret(184))],
              },
              {
                traceId: trace,
                spanId: (11).toString(16).padStart(16, "5"),
                eventName: "gen_ai.client.inference.operation.details",
                attributes: [
                  text(
                    "gen_ai.input.messages",
                    JSON.stringify([{ role: "user", parts: [{ type: "text", content: secret(185) }] }]),
                  ),
                ],
              },
            ],
          },
        ],
      },
    ],
  };
}
