// A mis-routed hand-off: an agent gets the conversation, does nothing of its own and hands it back or on.
import { answer, ask, ordinary } from "../made/play.mjs";

/** Starts as `path[0]` and hands on along `path`; where an agent works it is written as [name, steps]. */
const along = (path) => (run) => {
  const [first, ...rest] = path.map((entry) => (Array.isArray(entry) ? entry : [entry, 0]));
  ask(run);
  ordinary(run, first[1]);
  const spans = [];
  for (const [name, steps] of rest) {
    const hop = run.handOff(name, {
      thinks: run.random.pick(["", "This is not for me.", `The ${name} team can help with that.`]),
    });
    spans.push(hop.tool, hop.chat, { spanId: hop.from }, { spanId: hop.to });
    ordinary(run, steps);
  }
  answer(run);
  return { spans };
};

const desk = (extra) => ({ domain: "support", agent: "triage", root: "support_workflow", ...extra });

export const handOff = {
  fault: "mis-routed hand-off",
  kinds: ["loop"],
  variants: [
    {
      shape: "to billing and back, three times",
      ...desk({ dialect: "otel" }),
      play: along(["triage", "billing", "triage", "billing", "triage", "billing", ["triage", 2]]),
    },
    {
      shape: "to billing and back, twice",
      ...desk({ dialect: "openinference" }),
      play: along(["triage", "billing", "triage", "billing", "triage", ["shipping", 3]]),
    },
    {
      shape: "to billing and back once, then to the right one",
      ...desk({ dialect: "otel", model: "claude-haiku-4-5" }),
      play: along(["triage", "billing", "triage", ["shipping", 4]]),
    },
    {
      shape: "round three agents twice",
      ...desk({ dialect: "vercel" }),
      play: along(["triage", "billing", "shipping", "triage", "billing", "shipping", ["returns", 2]]),
    },
    {
      shape: "round three agents once and a half",
      ...desk({ dialect: "openllmetry" }),
      play: along([["triage", 1], "billing", "shipping", "triage", "billing", ["returns", 3]]),
    },
    {
      shape: "between two who both refuse",
      ...desk({ dialect: "vercel7" }),
      play: along(["triage", "returns", "shipping", "returns", "shipping", "returns", "shipping", ["triage", 1]]),
    },
    {
      shape: "a long ping-pong",
      ...desk({ dialect: "otel", model: "gpt-4o-mini" }),
      play: along(["triage", ...Array.from({ length: 10 }, (_, i) => (i % 2 ? "triage" : "billing")), ["billing", 1]]),
    },
    {
      shape: "after work well done",
      ...desk({ dialect: "openinference", model: "gpt-4o" }),
      play: along([["triage", 3], "shipping", "triage", "shipping", "triage", ["billing", 3]]),
    },
    {
      shape: "between writer and planner",
      domain: "research",
      agent: "planner",
      root: "research_workflow",
      dialect: "otel",
      play: along([["planner", 2], "writer", "planner", "writer", "planner", ["reader", 3]]),
    },
    {
      shape: "between flights and visa",
      domain: "travel",
      agent: "concierge",
      root: "travel_workflow",
      dialect: "openllmetry",
      model: "gpt-4o",
      play: along(["concierge", "visa", "flights", "visa", "flights", ["hotels", 2]]),
    },
    {
      shape: "between deployer and scribe, streamed",
      domain: "operations",
      agent: "responder",
      root: "incident",
      dialect: "otel",
      streams: true,
      play: along([["responder", 2], "scribe", "deployer", "scribe", "deployer", ["responder", 2]]),
    },
    {
      shape: "to returns and back, without a root",
      domain: "support",
      agent: "triage",
      dialect: "otel",
      root: "POST /chat",
      play: along(["triage", "returns", "triage", "returns", "triage", ["billing", 2]]),
    },
    {
      shape: "on from one to the next, four who do nothing, and back",
      ...desk({ dialect: "vercel7", model: "claude-haiku-4-5" }),
      play: along(["triage", "billing", "shipping", "returns", "triage", ["billing", 2]]),
    },
  ],
};
