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

/** Values that stand in a tool's result, as an agent repeats them. */
function excerpts(random, result) {
  const values = [];
  const collect = (value) => {
    if (value !== null && typeof value === "object") for (const each of Object.values(value)) collect(each);
    else if (value !== true && value !== false && String(value).length > 3) values.push(String(value).slice(0, 60));
  };
  try {
    collect(JSON.parse(result));
  } catch {
    for (const line of result.split("\n").slice(0, 40))
      if (line.trim().length > 8) values.push(line.trim().slice(0, 60));
  }
  return random.shuffled(values).slice(0, 2);
}

/** What the agent makes of the results that it has not spoken of. */
function findings(run) {
  return run.takeResults().flatMap((result) => excerpts(run.random, result));
}

/** What an agent says before its next call: often what it found, sometimes nothing. */
function thought(run) {
  const found = findings(run);
  const plan = run.random.chance(0.6) ? run.random.pick(run.domain.thinks) : "";
  return found.length
    ? `${run.random.pick(run.domain.notes ?? ["I see", "Found", "So it is", "Noted:"])} ${found.join(", ")}. ${plan}`.trim()
    : plan;
}

/** `steps` calls of the model, each with one to three different tools, most of them one. */
export function ordinary(run, steps, { without = [] } = {}) {
  for (let i = 0; i < steps; i++) {
    const count = run.random.chance(0.25) ? run.random.between(2, 3) : 1;
    const names = run.random.shuffled(
      run.domain.tools.map(({ name }) => name).filter((name) => !without.includes(name)),
    );
    const calls = names.map((name) => freshCall(run, name)).filter(Boolean);
    run.step(calls.slice(0, count), { thinks: thought(run) });
  }
}

/** The agent's answer in the domain's words, with what it found last. */
export function answer(run, more) {
  const found = findings(run);
  const text = run.random.pick(run.domain.answers)(run.random);
  return run.say(found.length ? `${text}\n\n${run.domain.detail ?? "In detail"}: ${found.join("; ")}.` : text, more);
}
