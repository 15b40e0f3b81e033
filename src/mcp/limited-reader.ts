/**
 * What is shown of recorded text: redacted, and nothing, the first words, or all of it. Decided once, before anyone asks
 * the store: for tools, resources, feeds and routes alike.
 */
import type { Message, MessagePart } from "../model/message.js";
import type { ShownContent } from "../model/shown-content.js";
import type { SessionSummary, SpanSummary, UsageGroup } from "../model/summary.js";
import type { Redactor } from "../redaction/redact.js";
import type { SpanDetail, TimelineEntry, TraceReader } from "../store/reader.js";
import { openShow, orNull, type Show } from "./show.js";
import { showGraph } from "./shown/agent-graph.js";
import { showCheck } from "./shown/check.js";
import { showGroupComparison, showRunComparison } from "./shown/comparison.js";
import { showContext } from "./shown/context.js";
import { showDiagnosis } from "./shown/diagnose-trace.js";
import { showErrors } from "./shown/find-errors.js";
import { showTrace } from "./shown/trace.js";

function values(show: Show, attributes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([key, given]) => [show.name(key), show.value(given, key)]));
}

function part(show: Show, given: MessagePart): MessagePart {
  switch (given.type) {
    case "tool_call":
      return { ...given, name: show.name(given.name), arguments: show.value(given.arguments) };
    case "tool_call_response":
      return { ...given, response: show.value(given.response) };
    case "media":
      return { ...given, summary: show.text(given.summary) };
    default:
      return { ...given, content: show.text(given.content) };
  }
}

function message(show: Show, given: Message): Message {
  return { ...given, role: show.name(given.role), parts: given.parts.map((each) => part(show, each)) };
}

function session(show: Show, given: SessionSummary): SessionSummary {
  return {
    ...given,
    session_id: show.session(given.session_id),
    user_ids: given.user_ids.map(show.user),
    services: given.services.map(show.name),
    models: given.models.map(show.name),
    agents: given.agents.map(show.name),
  };
}

function summary<T extends SpanSummary>(show: Show, span: T): T {
  return {
    ...span,
    name: show.name(span.name),
    service: orNull(show.name, span.service),
    session_id: orNull(show.session, span.session_id),
    agent: orNull(show.name, span.agent),
    tool: orNull(show.name, span.tool),
    model: orNull(show.name, span.model),
    error_type: orNull(show.name, span.error_type),
    error_message: orNull(show.text, span.error_message),
  };
}

function detail(show: Show, span: SpanDetail): SpanDetail {
  return {
    ...summary(show, span),
    trace_name: show.name(span.trace_name),
    request_model: orNull(show.name, span.request_model),
    response_model: orNull(show.name, span.response_model),
    user_id: orNull(show.user, span.user_id),
    error_stack: orNull(show.text, span.error_stack),
    system: orNull(show.text, span.system),
    input_messages: span.input_messages.map((each) => message(show, each)),
    output_messages: span.output_messages.map((each) => message(show, each)),
    tool_definitions: orNull(show.text, span.tool_definitions),
    input_value: orNull(show.text, span.input_value),
    output_value: orNull(show.text, span.output_value),
    attributes: values(show, span.attributes),
    events: span.events.map((event) => ({
      ...event,
      name: show.name(event.name),
      attributes: values(show, event.attributes),
    })),
    links: span.links.map((link) => ({ ...link, attributes: values(show, link.attributes) })),
    resource: values(show, span.resource),
  };
}

function entry(show: Show, given: TimelineEntry): TimelineEntry {
  const common = { ...given, agent: orNull(show.name, given.agent), model: orNull(show.name, given.model) };
  switch (common.type) {
    case "message":
      return { ...common, message: message(show, common.message) };
    case "tool":
      return {
        ...common,
        tool: show.name(common.tool),
        input: orNull(show.text, common.input),
        output: orNull(show.text, common.output),
      };
    default:
      return {
        ...common,
        name: show.name(common.name),
        error_type: orNull(show.name, common.error_type),
        error_message: orNull(show.text, common.error_message),
      };
  }
}

function group(show: Show, given: UsageGroup): UsageGroup {
  const named = { ...given };
  for (const dimension of ["model", "provider", "agent", "service", "session", "tool"] as const) {
    const name = named[dimension];
    if (typeof name === "string") named[dimension] = dimension === "session" ? show.session(name) : show.name(name);
  }
  return named;
}

/** `redactor`: absent = nothing is redacted. */
export function limitContent(
  reader: () => Promise<TraceReader | null>,
  content: ShownContent,
  redactor?: Redactor,
): () => Promise<TraceReader | null> {
  if (content === "full" && !redactor) return reader;
  const show = openShow(content, redactor);
  return async () => {
    const whole = await reader();
    return whole && limited(whole, show, content);
  };
}

function limited(reader: TraceReader, show: Show, content: ShownContent): TraceReader {
  return {
    ...reader,
    async listTraces(query) {
      const { traces, coverage } = await reader.listTraces(query);
      return { traces: traces.map((each) => showTrace(show, each)), coverage };
    },
    async getTrace(query) {
      const tree = await reader.getTrace(query);
      return { ...tree, trace: showTrace(show, tree.trace), spans: tree.spans.map((span) => summary(show, span)) };
    },
    getSpan: async (query) => detail(show, await reader.getSpan(query)),
    async searchSpans(query) {
      const { hits, coverage } = await reader.searchSpans(query);
      return {
        hits: hits.map((hit) => ({
          ...hit,
          span: summary(show, hit.span),
          snippet: hit.field === "name" ? show.name(hit.snippet) : show.excerpt(hit.snippet),
        })),
        coverage,
      };
    },
    async listSessions(query) {
      const { sessions, coverage } = await reader.listSessions(query);
      return { sessions: sessions.map((each) => session(show, each)), coverage };
    },
    async getSession(query) {
      const found = await reader.getSession(query);
      return {
        ...found,
        session: session(show, found.session),
        traces: found.traces.map((each) => showTrace(show, each)),
        timeline: found.timeline.map((each) => entry(show, each)),
      };
    },
    async getUsage(query) {
      const found = await reader.getUsage(query);
      return { ...found, groups: found.groups.map((each) => group(show, each)) };
    },
    findErrors: async (query) => showErrors(show, await reader.findErrors(query)),
    diagnoseTrace: async (query) => showDiagnosis(show, await reader.diagnoseTrace(query)),
    compareTraces: async (query) => showRunComparison(show, await reader.compareTraces(query)),
    compareGroups: async (query) => showGroupComparison(show, await reader.compareGroups(query)),
    getAgentGraph: async (query) => showGraph(show, await reader.getAgentGraph(query)),
    explainContext: async (query) => showContext(show, await reader.explainContext(query)),
    checkTraces: async (query) => showCheck(show, await reader.checkTraces(query)),
    async changes(query) {
      const found = await reader.changes({ ...query, previews: query.previews === true && content !== "none" });
      return {
        ...found,
        changes: found.changes.map((change) => ({
          ...change,
          span: summary(show, change.span),
          preview: orNull(show.text, change.preview),
        })),
      };
    },
  };
}
