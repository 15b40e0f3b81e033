// One agent run, told step by step: what was said, called and answered becomes spans of some instrumentation,
// with the tokens, cache figures and latencies that such a run has.
import { dialects } from "../dialects/all.mjs";
import { models, promptCache, tokensOf } from "./models.mjs";
import { toLines } from "./otlp.mjs";

/**
 * `options`: random, domain, at (ms), and where they differ from the domain's: service, agent, dialect, model, session,
 * user, version, streams, tools, system, keeps (of which attributes, by key). A `tools` or `system` that is a function is asked anew for every call.
 */
export function beginRun(options) {
  const { random, domain } = options;
  const dialect = dialects[options.dialect ?? "otel"];
  const context = {
    service: options.service ?? domain.service,
    session: options.session ?? `${domain.service}-${random.hex(8)}`,
    user: options.user ?? `user-${random.between(100, 999)}`,
    streams: options.streams ?? false,
  };
  const traceId = random.hex(32);
  const spans = [];
  const cache = promptCache();
  const began = options.at + random.next() * 1000;
  let now = began;
  let model = options.model ?? "gpt-4.1";
  let agent = null;
  let root = null;
  let results = [];
  const chats = [];

  const keeps = options.keeps ?? (() => true);
  const record = (span) => {
    const values = Object.fromEntries(Object.entries(span.values ?? {}).filter(([key]) => keeps(key)));
    spans.push({ ...span, values });
    return span;
  };
  const wait = (ms) => {
    now += ms;
  };

  function openAgent(name, parentId, messages = []) {
    agent = {
      name,
      parentId,
      above: agent,
      spanId: random.hex(16),
      stepId: null,
      start: now,
      messages,
      heard: null,
      said: null,
      model,
      usage: { input: 0, read: 0, write: 0, output: 0 },
      calls: 0,
    };
    return agent;
  }

  function closeAgent(status) {
    closeStep();
    for (const span of dialect.agent({ ...agent, end: now, status, context, models })) record(span);
    agent = agent.above;
  }

  /** Some instrumentations put a span around a model's call and the tools that it called. */
  function openStep() {
    closeStep();
    if (!dialect.step) return;
    agent.stepId = random.hex(16);
    agent.stepStart = now;
  }
  function closeStep(status) {
    if (!agent?.stepId) return;
    record(dialect.step({ agent, spanId: agent.stepId, start: agent.stepStart, end: now, status }));
    agent.stepId = null;
  }
  const parentOfSteps = () => agent.stepId ?? dialect.inner?.(agent) ?? agent.spanId;

  const toolsOf = () => {
    const named = typeof options.tools === "function" ? options.tools(agent) : options.tools;
    const list = named ?? domain.tools;
    return list.filter((tool) => !tool.of || tool.of.includes(agent.name));
  };
  const systemOf = () => {
    const system = options.system ?? domain.system;
    return typeof system === "function" ? system({ at: now, agent: agent.name, calls: agent.calls }) : system;
  };

  /** A user's words to the agent at work. */
  function hear(text) {
    if (!agent) openAgent(options.agent ?? domain.agents[0], root?.spanId ?? null);
    agent.heard ??= text;
    agent.messages.push({ role: "user", text });
  }

  /** A call of the model. `fails`: {status, type, message, ms}; nothing is answered then. */
  function chat({ thinks = "", calls = [], says, fails, finish, ms, maxTokens }) {
    openStep();
    const system = systemOf();
    const tools = toolsOf();
    const sent = [JSON.stringify(tools.map(({ name, says }) => [name, says])), system].concat(
      agent.messages.map((message) => JSON.stringify(message)),
    );
    // a failed request is neither counted nor cached
    const usage = fails ? null : { ...cache(model, sent, now) };
    const text = says ?? thinks;
    const reply = { role: "assistant", text, calls };
    if (usage) usage.output = tokensOf(text + JSON.stringify(calls.map(({ name, args }) => [name, args]))) + 4;
    const { ttft, perToken } = models[model];
    const fresh = usage ? (usage.input - usage.read) / 22 : 0;
    const firstToken = random.logNormal(ttft + fresh, 0.2);
    const took =
      ms ??
      (fails ? (fails.ms ?? random.logNormal(160)) : firstToken + usage.output * random.logNormal(perToken, 0.12));
    const span = record(
      dialect.chat({
        spanId: random.hex(16),
        parentId: parentOfSteps(),
        start: now,
        end: now + took,
        model,
        info: models[model],
        agent,
        system,
        tools,
        messages: [...agent.messages],
        reply: fails ? null : reply,
        usage,
        fails,
        finish: finish ?? (calls.length ? "tool_calls" : "stop"),
        firstToken: context.streams && !fails ? Math.min(firstToken, took * 0.9) : null,
        maxTokens,
        responseId: random.hex(20),
        context,
      }),
    );
    now += took + random.next() * 6;
    agent.calls++;
    chats.push(span);
    if (usage) {
      agent.messages.push(reply);
      for (const key of Object.keys(agent.usage)) agent.usage[key] += usage[key];
    }
    return span;
  }

  function runTool(call, from) {
    const spanId = random.hex(16);
    const tool = domain.tools.find(({ name }) => name === call.name);
    const took = call.ms ?? random.logNormal(tool?.ms ?? 120, tool?.sigma ?? 0.3);
    let end = from + took;
    if (call.inside) {
      const outer = now;
      now = from + 2;
      openAgent(call.inside.agent, spanId);
      agent.heard = call.inside.task;
      agent.messages.push({ role: "user", text: call.inside.task });
      call.result = call.inside.work() ?? agent.said ?? "";
      closeAgent();
      end = now + 2;
      now = outer;
    }
    const seen = call.fails ? (call.fails.seen ?? `Error: ${call.fails.message}`) : call.result;
    const span = record(
      dialect.tool({
        spanId,
        parentId: parentOfSteps(),
        start: from,
        end,
        call,
        says: tool?.says ?? "",
        seen,
        agent,
        context,
      }),
    );
    return { span, end, seen };
  }

  /**
   * The model calls tools and they run: at the same time, or one after the other with `inTurn`. A call is
   * `[name, args, {result, ms, fails: {type, message}, inside: {agent, task, work}}]`; what is left out is the domain's.
   * Gives `{chat, tools}`, the spans.
   */
  function step(wanted, { thinks, inTurn = false, ...rest } = {}) {
    const calls = wanted.map((entry) => {
      const [name, given, more] = Array.isArray(entry) ? entry : [entry];
      const tool = domain.tools.find((each) => each.name === name);
      const args = given ?? tool.args(random);
      const result = more?.result ?? (tool ? tool.result(args, random) : "ok");
      return { id: `${dialect.callPrefix ?? "call_"}${random.hex(20)}`, name, args, ...more, result: textOf(result) };
    });
    const said = thinks ?? (random.chance(0.6) ? random.pick(domain.thinks) : "");
    const chatSpan = chat({ thinks: said, calls, ...rest });
    let from = now + 1 + random.next() * 2;
    let end = now;
    const tools = [];
    for (const call of calls) {
      const done = runTool(call, from + (inTurn ? 0 : random.next() * 3));
      tools.push(done.span);
      end = Math.max(end, done.end);
      if (!call.fails) results.push(done.seen);
      if (inTurn) from = done.end + 1;
      agent.messages.push({ role: "tool", callId: call.id, name: call.name, result: done.seen });
    }
    now = end + random.next() * 4;
    closeStep();
    return { chat: chatSpan, tools };
  }

  /** The agent's answer. */
  function say(text, more = {}) {
    const span = chat({ says: text, ...more });
    closeStep();
    agent.said = text;
    return span;
  }

  /** Hands the conversation to another agent, which goes on beside this one: gives the spans of the hand-off. */
  function handOff(to, { thinks, args = {}, name = `transfer_to_${to}`, result = `{"assistant": "${to}"}` } = {}) {
    const id = agent.spanId;
    const { chat: chatSpan, tools } = step([[name, args, { result, ms: 1 + random.next() }]], {
      thinks: thinks ?? "",
    });
    const { messages, parentId, heard } = agent;
    closeAgent();
    openAgent(to, parentId, messages);
    agent.heard = heard;
    return { chat: chatSpan, tool: tools[0], from: id, to: agent.spanId };
  }

  /** A span of the program around the agents. */
  function openRoot(name, values = {}, kind = 1) {
    root = { spanId: random.hex(16), name, values, kind, start: now };
  }

  /** A span of the program itself, `ms` long. */
  function work(name, ms, values = {}, status = undefined) {
    const span = record({
      spanId: random.hex(16),
      parentId: agent ? agent.spanId : root?.spanId,
      name,
      start: now,
      end: now + ms,
      values,
      status,
      scope: "app",
    });
    now += ms;
    return span;
  }

  /** Ends everything that is open. `status` {code: 2, message} where the run failed; `isKilled`: the root never ends. */
  function end(status, { isKilled = false } = {}) {
    while (agent) closeAgent(status);
    if (root && !isKilled)
      record({
        ...root,
        end: now + 1,
        status,
        scope: "app",
        values: { ...root.values, ...dialect.session?.(context) },
      });
    const resource = {
      "service.name": context.service,
      "service.version": options.version ?? "2.3.0",
      "deployment.environment.name": "production",
      "telemetry.sdk.language": dialect.language ?? "python",
      "telemetry.sdk.name": "opentelemetry",
    };
    return {
      traceId,
      service: context.service,
      session: context.session,
      start: began,
      end: now,
      spans,
      lines: toLines(traceId, resource, spans),
    };
  }

  return {
    hear,
    step,
    chat,
    say,
    handOff,
    wait,
    work,
    openRoot,
    openAgent: (name) => openAgent(name, root?.spanId ?? agent?.spanId ?? null),
    closeAgent,
    end,
    /** The results that came since this was asked last. */
    takeResults() {
      const taken = results;
      results = [];
      return taken;
    },
    /** The model's calls so far. */
    chats,
    set model(name) {
      model = name;
      if (agent) agent.model = name;
    },
    get model() {
      return model;
    },
    get agent() {
      return agent;
    },
    get now() {
      return now;
    },
    random,
    domain,
  };
}

const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));
