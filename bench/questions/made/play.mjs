// Ordinary stretches of runs: what happens before, between and after whatever a run is about.

const used = new WeakMap();

/** A call of a tool with arguments that no call of this run had; null where there are none, or no such tool. */
export function freshCall(run, name) {
  const seen = used.get(run) ?? new Set();
  used.set(run, seen);
  const tool = run.domain.tools.find((each) => each.name === name);
  if (!tool) return null;
  for (let attempt = 0; attempt < 12; attempt++) {
    const args = tool.args(run.random);
    const key = JSON.stringify([name, args]);
    if (seen.has(key)) continue;
    seen.add(key);
    return [name, args];
  }
  return null;
}

/** The user asks. */
export function ask(run) {
  run.hear(run.random.pick(run.domain.users)(run.random));
}

/** `steps` calls of the model, each with one to three different tools, most of them one. */
export function ordinary(run, steps, { without = [] } = {}) {
  for (let i = 0; i < steps; i++) {
    const count = run.random.chance(0.25) ? run.random.between(2, 3) : 1;
    const names = run.random.shuffled(
      run.domain.tools.map(({ name }) => name).filter((name) => !without.includes(name)),
    );
    const calls = names.map((name) => freshCall(run, name)).filter(Boolean);
    run.step(calls.slice(0, count));
  }
}

/** The agent's answer in the domain's words. */
export function answer(run, more) {
  return run.say(run.random.pick(run.domain.answers)(run.random), more);
}
