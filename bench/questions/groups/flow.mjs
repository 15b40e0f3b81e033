// One desk's everyday runs, many of a kind, with the knobs that a new version turns.
import { domains } from "../domains/all.mjs";
import { beginRun } from "../made/agent-run.mjs";
import { draws } from "../made/draws.mjs";
import { answer, ask, freshCall } from "../made/play.mjs";

const minute = 60_000;

/**
 * `count` runs from `from` ms on, about every `every` minutes. Knobs: domain, dialect, model, agent, version, system,
 * `slow` {tool: factor}, `more` {tool: calls on top}, `fails` {tool: [share, {type, message}]}, `dies` [share, message],
 * `also` (a tool of all runs), `without` (a tool of none), `refused` (share of runs that are told to wait once or more),
 * `talks` (how many answers' length), `helper` (an agent that is called), `longer` {tool: its result on top},
 * `lags` (factor of the models' own time), `cuts` (share of answers that end at the limit of tokens).
 */
export function everyday(name, { count, from, every = 17, ...knobs }) {
  return Array.from({ length: count }, (_, i) => {
    const random = draws("everyday", name, String(i));
    const at = from + i * every * minute + random.below(8) * minute;
    return oneRun(random, at, knobs);
  });
}

function oneRun(random, at, knobs) {
  const domain = domains[knobs.domain];
  const run = beginRun({ ...knobs, random, domain, at, user: `user-${random.between(100, 999)}` });
  const tools = domain.tools.slice(0, 4).map(({ name }) => name);
  const lag = () => (knobs.lags ? { ms: random.logNormal(1400 * knobs.lags, 0.25) } : {});
  const call = (name) => {
    const [tool, args] = freshCall(run, name) ?? [name, { note: random.hex(4) }];
    const [share, fails] = knobs.fails?.[name] ?? [0];
    const known = domain.tools.find((each) => each.name === name);
    const factor = knobs.slow?.[name] ?? 1;
    const ms = random.logNormal((known?.ms ?? 200) * factor, 0.35);
    const failing = random.chance(share);
    const result = knobs.longer?.[name]?.(random);
    run.step([[tool, args, { ms, ...(result && { result }), ...(failing && { fails }) }]], lag());
    if (failing && random.chance(0.7)) run.step([[tool, args, { ms }]], { thinks: "Once more." });
  };
  ask(run);
  if (random.chance(knobs.refused ?? 0)) {
    for (let i = random.between(1, 3); i > 0; i--) {
      run.chat({
        fails: { status: 429, type: "RateLimitError", message: "429 Too many requests, please try again in 2s." },
      });
      run.wait(random.logNormal(2000));
    }
  }
  for (const [i, name] of tools.entries()) {
    if (name === knobs.without || (i > 1 && random.chance(0.35))) continue;
    call(name);
    for (let extra = knobs.more?.[name] ?? 0; extra > 0; extra--) call(name);
  }
  if (knobs.also) call(knobs.also);
  if (knobs.helper) {
    run.step([
      [
        `delegate_to_${knobs.helper}`,
        { task: "Check the draft" },
        {
          inside: { agent: knobs.helper, task: "Check the draft", work: () => void answer(run) },
        },
      ],
    ]);
  }
  const [share, message] = knobs.dies ?? [0];
  if (random.chance(share)) return run.end({ code: 2, message });
  if (knobs.talks) run.say(Array.from({ length: knobs.talks }, () => random.pick(domain.answers)(random)).join("\n\n"));
  else answer(run, { ...lag(), ...(knobs.cuts && random.chance(knobs.cuts) && { finish: "length" }) });
  return run.end();
}
