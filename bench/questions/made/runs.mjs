// All made runs: each planted fault in each of its shapes, and the innocent ones.
import { innocent } from "../clean/all.mjs";
import { domains } from "../domains/all.mjs";
import { faults } from "../faults/all.mjs";
import { beginRun } from "./agent-run.mjs";
import { draws } from "./draws.mjs";

const hour = 3_600_000;
const dialectNames = ["otel", "openinference", "vercel7", "openllmetry", "vercel", "anthropic"];

/** Plays one shape: {…run, planted: {spans, names}}. */
function play(shape, words, at) {
  const random = draws(...words);
  const domain = domains[shape.domain];
  const options = { ...shape, random, domain, at };
  const run = beginRun({ ...options, system: shape.system?.(options), tools: shape.tools?.(options) });
  if (shape.root) run.openRoot(shape.root, {}, shape.root.startsWith("POST") ? 2 : 1);
  const planted = shape.play(run) ?? {};
  return { ...run.end(shape.status), planted };
}

/**
 * The runs with a planted fault: `{id, fault, shape, kinds, spans, names, words, …run}`. A finding is right when it is
 * of one of `kinds` and names one of `spans` (where there are any); an answer in words when it says all of `words`.
 */
export function plantedRuns(now) {
  let count = 0;
  return faults.flatMap(({ fault, kinds, variants }) =>
    variants.map((variant, i) => {
      const id = `${fault} ${i + 1}`;
      const run = play(variant, ["planted", fault, String(i)], now - (20 + ((count++ * 37) % 140)) * hour);
      const { spans = [], names = [] } = run.planted;
      return {
        ...run,
        id,
        fault,
        shape: `${variant.shape} (${variant.domain}, ${variant.dialect})`,
        kinds: variant.kinds ?? kinds,
        evidence: spans.map(({ spanId }) => spanId),
        names,
        words: variant.words ?? [],
      };
    }),
  );
}

/** The innocent runs: `{id, shape, over, …run}`. */
export function cleanRuns(now) {
  let count = 0;
  return innocent.flatMap((look) =>
    look.domains.flatMap((domain) =>
      Array.from({ length: look.times ?? 1 }, (_, i) => {
        const dialect = dialectNames[count % dialectNames.length];
        const model =
          look.model ??
          (dialect === "anthropic" ? "claude-sonnet-4-5" : ["gpt-4.1", "gpt-4o", "claude-haiku-4-5"][count % 3]);
        // Anthropic's SDK speaks to its own models alone
        const told = dialect === "anthropic" && !model.startsWith("claude") ? "otel" : dialect;
        const run = play(
          { ...look, domain, dialect: told, model },
          ["clean", look.shape, domain, String(i)],
          now - (20 + ((count++ * 29) % 140)) * hour,
        );
        return { ...run, over: "made", id: `clean ${count}`, shape: `${look.shape} (${domain}, ${told})` };
      }),
    ),
  );
}
