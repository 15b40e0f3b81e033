/** Steps that the run waited for and that took far longer than they do otherwise. */
import { findRetries } from "../attempts.js";
import type { Detector, Finding, Surroundings } from "../diagnosis.js";
import { count, duration, plural } from "../format.js";
import { medianOf, type Work, workOnPath } from "../path-work.js";
import { type Phrase, phrase, sentence } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { stepPhrase } from "../step-phrase.js";
import { asksPerson } from "../waiting-for-people.js";
import { workKey } from "../work-label.js";

/** µs that a fault costs at least, and their share of the run */
const leastSaved = 1e6;
const leastShare = 0.15;
/** of the run's time, from where a step is told of without being a fault */
const dominating = 0.5;
const lookedAt = 4;
/** times as long as in other runs, as its peers in the run, as other work where there are no peers */
const slow = { elsewhere: 3, peers: 4, others: 5 };
/** in other runs; the first so many are enough even where the run has peers */
const fewElsewhere = 3;
const manyElsewhere = 8;
const fewPeers = 3;
/** of the run, where there is nothing of its kind to compare with; and µs that a model call may take then */
const plainShare = 0.4;
const plainCall = 10e6;
/** Slow steps of one kind whose savings are summed up, the longest first: each is laid beside the whole run. */
const mostWeighed = 100;
/** A pace that no one calls slow: µs for an output token, after so many µs. */
const normalPace = { token: 50_000, start: 3e6 };

/** What a step is measured by. `usual`: µs; null = nothing to compare with. */
type Judgement = { slow: Step[]; usual: number | null; against: Phrase; proof: Step[] };

export const detectSlowSteps: Detector = (run, around) => {
  const { path } = around;
  const total = path.end_us - path.start_us;
  const all = workOnPath(path);
  // `retry` tells what they took
  const triedAgain = new Set(
    findRetries(run).flatMap(({ failed, success }) => (success ? failed.map(({ step }) => step) : [])),
  );
  const findings: Finding[] = [];
  for (const work of all.slice(0, lookedAt)) {
    if (work.on_path_us < Math.max(leastSaved, leastShare * total)) break;
    const steps = work.steps.filter(({ step }) => !triedAgain.has(step));
    if (steps.length === 0) continue;
    const on_path_us = steps.reduce((sum, each) => sum + each.on_path_us, 0);
    const finding = judgeWork(run, around, all, { steps, on_path_us }, total);
    if (finding) findings.push(finding);
  }
  return findings;
};

function judgeWork(run: Run, around: Surroundings, all: Work[], work: Work, total: number): Finding | null {
  const longest = work.steps[0]?.step as Step;
  const judged = judge(run, around, all, work);
  const onPath = new Map(work.steps.map(({ step, on_path_us }) => [step, on_path_us]));
  const times = judged.slow.map((step) => onPath.get(step) ?? 0);
  const time = times.reduce((sum, us) => sum + us, 0);
  const saved = judged.slow
    .slice(0, mostWeighed)
    .reduce(
      (sum, step, i) =>
        sum + Math.min(times[i] as number, lasted(around, step) - (judged.usual ?? 0), alone(run, around, step)),
      0,
    );
  const waited = asksPerson(longest);
  if (judged.slow.length > 0 && judged.usual !== null && saved >= Math.max(leastSaved, leastShare * total)) {
    const [first] = judged.slow as [Step];
    const calls =
      judged.slow.length === 1
        ? phrase`${sentence(stepPhrase(first))} took ${duration(lasted(around, first) / 1000)}`
        : phrase`${count(judged.slow.length)} steps of ${stepPhrase(first)} took ${duration(time / 1000)}`;
    const person = waited ? phrase` It waits for a person.` : phrase``;
    return {
      kind: "slow_step",
      severity: waited ? "info" : "warning",
      summary: phrase`${calls}, ${share(time, total)} of the run, ${judged.against}.${person}`,
      evidence: [...judged.slow, ...judged.proof].map((step) => step.span_id),
      saves: { ms: Math.round(saved) / 1000, tokens: null, usd: null },
    };
  }
  const own = work.steps[0]?.on_path_us as number;
  if (own < dominating * total || total < 2 * leastSaved) return null;
  return {
    kind: "slow_step",
    severity: "info",
    summary: phrase`${sentence(stepPhrase(longest))} took ${duration(lasted(around, longest) / 1000)}, ${share(own, total)} of the run${whyNormal(longest, judged, around)}.`,
    evidence: [longest, ...judged.proof].map((step) => step.span_id),
    saves: { ms: null, tokens: null, usd: null },
  };
}

function judge(run: Run, around: Surroundings, all: Work[], work: Work): Judgement {
  const first = work.steps[0]?.step as Step;
  const steps = work.steps.map(({ step }) => step);
  const time = (step: Step) => lasted(around, step);
  const elsewhere = around.elsewhere(first);
  const key = workKey(first);
  const peers = run.steps.filter(
    (step) => step.end_us !== null && workKey(step) === key && (step.call !== null) === (first.call !== null),
  );
  if (elsewhere.length >= (peers.length > fewPeers ? manyElsewhere : fewElsewhere)) {
    const durations = elsewhere.map((call) => call.duration_us).sort((a, b) => a - b);
    const p95 = durations[Math.min(durations.length - 1, Math.ceil(0.95 * durations.length) - 1)] as number;
    const usual = medianOf(durations);
    const bound = Math.max(slow.elsewhere * usual, 1.5 * p95);
    const pace = paceOf(elsewhere);
    const found = steps.filter((step) => time(step) > bound && !paidInTokens(step, time(step), pace(step)));
    return {
      slow: found,
      usual,
      against: phrase`where ${plural(elsewhere.length, "call")} of other runs took ${duration(usual / 1000)} (p95 ${duration(p95 / 1000)})`,
      proof: [],
    };
  }
  if (peers.length > fewPeers) {
    const usual = medianOf(peers.map(time));
    const pace = paceOf(peers.map((peer) => ({ ...peer, duration_us: time(peer), step: peer })));
    const found = steps.filter(
      (step) => time(step) > slow.peers * usual && !paidInTokens(step, time(step), pace(step)),
    );
    const isFound = new Set(found);
    const rest = found.length === 0 ? peers : peers.filter((peer) => !isFound.has(peer));
    const median = medianOf(rest.map(time));
    const typical = rest.find((peer) => time(peer) === median);
    return {
      slow: found,
      usual: typical ? time(typical) : usual,
      against: phrase`where the median of ${count(rest.length)} others is ${duration((typical ? time(typical) : usual) / 1000)}`,
      proof: typical ? [typical] : [],
    };
  }
  const others = peers.filter((peer) => peer !== first);
  const usual = medianOf(others.map(time));
  const typical = others.find((peer) => time(peer) === usual);
  if (typical && time(first) <= 2 * usual)
    return {
      slow: [],
      usual,
      against: phrase`where the median of ${count(others.length)} others is ${duration(usual / 1000)}`,
      proof: [typical],
    };
  return judgeAlone(around, all, work);
}

/** Nothing of its kind is there, or it is far quicker: other work that the run waited for, of model calls other model calls. */
function judgeAlone(around: Surroundings, all: Work[], work: Work): Judgement {
  const time = (step: Step) => lasted(around, step);
  const first = work.steps[0]?.step as Step;
  const total = around.path.end_us - around.path.start_us;
  const others = all
    .flatMap((each) => each.steps.map(({ step }) => step))
    .filter((step) => step !== first && (first.kind !== "llm" || step.kind === "llm"));
  const typical = medianOf(others.map(time));
  const proof = others.find((step) => time(step) === typical);
  if (others.length < 2 || !proof) return { slow: [], usual: null, against: phrase``, proof: [] };
  const bound = Math.max(slow.others * typical, first.kind === "llm" ? plainCall : leastSaved);
  const found = work.steps.filter(
    ({ step, on_path_us }) =>
      on_path_us >= plainShare * total && time(step) > bound && !paidInTokens(step, time(step), null),
  );
  const what = first.kind === "llm" ? "other model calls" : "other steps";
  return {
    slow: found.map(({ step }) => step),
    usual: typical,
    against: phrase`where the median of the ${count(others.length)} ${what} that it waited for is ${duration(typical / 1000)}`,
    proof: [proof],
  };
}

/** µs for an output token, the median of the others; null = of none. A step among them is none of its others. */
function paceOf(
  calls: readonly { duration_us: number; output_tokens: number | null; step?: Step }[],
): (step: Step) => number | null {
  const paces = calls
    .flatMap(({ duration_us, output_tokens: tokens, step }) =>
      tokens !== null && tokens > 0 ? [{ step, pace: duration_us / tokens }] : [],
    )
    .sort((a, b) => a.pace - b.pace);
  const places = new Map(paces.map(({ step }, place) => [step, place]));
  return (step) => {
    const own = places.get(step);
    const middle = Math.floor(((own === undefined ? paces.length : paces.length - 1) - 1) / 2);
    return paces[own !== undefined && own <= middle ? middle + 1 : middle]?.pace ?? null;
  };
}

/** Whether a model call took its time for writing much: at the pace of others (µs a token), or at one that is usual. */
function paidInTokens(step: Step, us: number, pace: number | null): boolean {
  const { output_tokens: tokens } = step;
  if (step.kind !== "llm") return false;
  if (tokens === null || tokens <= 0) return us <= normalPace.start;
  return us <= Math.max(2 * (pace ?? 0) * tokens, normalPace.start + normalPace.token * tokens);
}

function whyNormal(step: Step, { usual, against }: Judgement, around: Surroundings): Phrase {
  if (asksPerson(step)) return phrase`: it waits for a person`;
  const us = lasted(around, step);
  if (step.kind === "llm" && step.output_tokens !== null && step.output_tokens > 0 && paidInTokens(step, us, null))
    return phrase`: it wrote ${plural(step.output_tokens, "token")}, ${count(Math.round((step.output_tokens * 1e6) / us))} a second, which is no slow pace`;
  if (usual === null) return phrase`: nothing was recorded to compare it with`;
  return us <= 2 * usual ? phrase`: no longer than usual, ${against}` : phrase`, ${against}`;
}

/** µs from its end back to the end of other work beside it: shortening it by more saves nothing. */
function alone(run: Run, { path }: Surroundings, step: Step): number {
  const end = path.end(step);
  const related = new Set<Step>();
  for (let at: Step | null = step, n = 0; at && n < 64; n++, at = path.parent(at)) related.add(at);
  let beside = step.start_us;
  for (const other of run.steps) {
    const over = path.end(other);
    if (other.start_us >= end || over >= end || over <= beside || path.hasChildren(other) || related.has(other))
      continue;
    if (!isInside(path, other, step)) beside = over;
  }
  return end - beside;
}

function isInside(path: Surroundings["path"], step: Step, outer: Step): boolean {
  let at: Step | null = step;
  for (let n = 0; at && n < 64; n++, at = path.parent(at)) if (at === outer) return true;
  return false;
}

function lasted({ path }: Surroundings, step: Step): number {
  return path.end(step) - step.start_us;
}

function share(us: number, total: number): string {
  return `${Math.round((100 * us) / total)} %`;
}
