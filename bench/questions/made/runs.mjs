// All runs of a set: each planted fault in each of its shapes, and the innocent ones.
import { domains } from "../domains/all.mjs";
import { beginRun } from "./agent-run.mjs";
import { draws } from "./draws.mjs";

const hour = 3_600_000;

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
 * The runs of a set (sets.mjs) with a planted fault: `{id, fault, shape, over, kinds, spans, names, words, …run}`. A finding is right when it is
 * of one of `kinds` and names one of `spans` (where there are any); an answer in words when it says all of `words`.
 */
export function plantedRuns({ data, faults, ids }, now) {
  let count = 0;
  return faults.flatMap(({ fault, kinds, variants }) =>
    variants.map((variant, i) => {
      const id = `${ids}${fault} ${i + 1}`;
      const run = play(variant, [`${ids}planted`, fault, String(i)], now - (20 + ((count++ * 37) % 140)) * hour);
      const { spans = [], names = [] } = run.planted;
      return {
        ...run,
        id,
        fault,
        over: data,
        shape: `${variant.shape} (${variant.domain}, ${variant.dialect})`,
        kinds: variant.kinds ?? kinds,
        evidence: spans.map(({ spanId }) => spanId),
        names,
        words: variant.words ?? [],
      };
    }),
  );
}

/** A set's innocent runs: `{id, shape, over, …run}`. */
export function cleanRuns({ data, innocent, dialects, models, ids }, now) {
  let count = 0;
  return innocent.flatMap((look) =>
    look.domains.flatMap((domain) =>
      Array.from({ length: look.times ?? 1 }, (_, i) => {
        const dialect = dialects[count % dialects.length];
        const model = look.model ?? (dialect === "anthropic" ? "claude-sonnet-4-5" : models[count % models.length]);
        // Anthropic's SDK speaks to its own models alone
        const told = dialect === "anthropic" && !model.startsWith("claude") ? "otel" : dialect;
        const run = play(
          { ...look, domain, dialect: told, model },
          [`${ids}clean`, look.shape, domain, String(i)],
          now - (20 + ((count++ * 29) % 140)) * hour,
        );
        return { ...run, over: data, id: `${ids}clean ${count}`, shape: `${look.shape} (${domain}, ${told})` };
      }),
    ),
  );
}
