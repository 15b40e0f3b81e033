/** Which call a prompt goes on from that repeats none word for word. */
import type { Heard, Step } from "../run.js";
import type { Head } from "./calls.js";
import { commonPrefix } from "./compare-messages.js";
import type { Call, Conversation } from "./contexts.js";
import { isSystem } from "./units.js";

/** Conversations that a call may go on with where it does not repeat one word for word. */
const candidates = 32;
/** Conversations that are looked through for those, some of which have passed to other agents since. */
const mostPassed = 10 * candidates;
/** Messages of a conversation that may be replaced as a whole. */
const grown = 6;

type Found = { call: Call; prefix: number; restarted: boolean };

/** The last call of a conversation that this one goes on from. `conversations`: of its speaker, the latest last. */
export function findPrevious(
  heard: readonly Heard[],
  { step, head }: Call,
  conversations: readonly Conversation[],
): Found | null {
  if (heard.length === 0) return null;
  const keys = new Set(heard.map(({ key }) => key));
  const leading = heard.findIndex((each) => !isSystem(each));
  const asked = heard.reduce((n, each) => n + (isSystem(each) ? 0 : 1), 0);
  let best: (Found & { shared: number }) | null = null;
  const tips = new Set<Call>();
  for (
    let i = conversations.length - 1;
    i >= 0 && tips.size < candidates && i >= conversations.length - mostPassed;
    i--
  ) {
    const tip = conversations[i]?.tip;
    if (tip && speakerOf(tip.step) === speakerOf(step)) tips.add(tip);
  }
  for (const call of tips) {
    if (call.messages === 0) continue;
    const { messages } = call.thread;
    const prefix = commonPrefix(messages, heard, call.messages);
    let shared = 0;
    let spoken = 0;
    for (let at = 0; at < call.messages; at++) {
      const each = messages[at] as Heard;
      if (isSystem(each)) continue;
      spoken += 1;
      if (keys.has(each.key)) shared += 1;
    }
    const isSame = leading >= 0 && (prefix > leading || (shared > 0 && 2 * shared >= Math.min(spoken, asked)));
    if (isSame && (!best || shared > best.shared)) best = { call, prefix, restarted: false, shared };
  }
  if (best) return best;
  const [last] = tips;
  const isRestart =
    last &&
    last.messages >= grown &&
    last.messages > heard.length &&
    last.step.agent === step.agent &&
    (last.step.end_us ?? Number.POSITIVE_INFINITY) <= step.start_us &&
    hasSameSystem(last, heard, head);
  return isRestart
    ? { call: last, prefix: commonPrefix(last.thread.messages, heard, last.messages), restarted: true }
    : null;
}

/** The agent, or where none is named what the call is part of. */
export const speakerOf = ({ agent, parent_span_id }: Step) =>
  agent === null ? `below ${parent_span_id}` : `agent ${agent}`;

function hasSameSystem(last: Call, heard: readonly Heard[], head: Head): boolean {
  if (last.head.tools !== head.tools) return false;
  if (head.system) return last.head.system === head.system;
  const first = heard[0];
  return first !== undefined && isSystem(first) && last.thread.messages[0]?.key === first.key;
}
