// Runs of which the instrumentation tells less than others do.
import { report } from "../domains/words.mjs";
import { answer, ask, ordinary } from "../made/play.mjs";

const plain = (steps) => (run) => {
  ask(run);
  ordinary(run, steps);
  answer(run);
};

export const hidden = [
  {
    shape: "no figures of the cache",
    domains: ["support", "research", "coding"],
    keeps: (key) => !/cache/i.test(key),
    system: ({ domain, random }) => `${domain.system}\n\n# Handbook\n${report(random, 16_000)}`,
    play: plain(7),
  },
  {
    shape: "no contents of messages, arguments and results",
    domains: ["support", "travel", "coding", "analytics"],
    keeps: (key) =>
      !/messages|system_instructions|tool\.(definitions|call\.(arguments|result))|(input|output)\.value|prompt|completion\.\d|entity\.(input|output)|toolCall\.(args|result)|response\.(text|toolCalls)|tool_result|llm\.(tools|request\.functions)/.test(
        key,
      ) || /usage|token_count/.test(key),
    play: plain(9),
  },
];
