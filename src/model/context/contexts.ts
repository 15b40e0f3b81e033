/**
 * The prompts of a run's model calls, each against the call that it goes on from, with the tokens of each part.
 * Work grows with what calls add, not with what they repeat, unless each rewrites what was there.
 */
import type { Heard, Run, Step } from "../run.js";
import { isSameModel } from "../same-model.js";
import { modelOf } from "../step-phrase.js";
import { type Head, openParts, type Parts } from "./calls.js";
import { compareMessages, type MessageChanges } from "./compare-messages.js";
import { findPrevious, speakerOf } from "./find-previous.js";
import { measure } from "./measure.js";
import { type Rates, solveRates } from "./rates.js";
import { headUnit, isSystem, type Unit } from "./units.js";

/** Prompts of which each begins with the one before share one list. */
export type Thread = {
  messages: Heard[];
  /** of each message: how many units there are up to its end */
  ends: number[];
  units: Unit[];
  /** of each unit; whole numbers */
  tokens: number[];
};

export type Call = {
  step: Step;
  head: Head;
  conversation: Conversation;
  thread: Thread;
  /** how much of the thread it was sent: messages and units */
  messages: number;
  units: number;
  system_tokens: number;
  tools_tokens: number;
  /** what the provider counted beyond all that was recorded */
  unrecorded_tokens: number;
  /** of all its parts: what the provider reported, else an estimate */
  total: number;
  /** false: the provider reported no tokens */
  measured: boolean;
  /** the call that it goes on from */
  previous: Call | null;
  /** against the previous one; null when it merely adds, or there is none */
  changes: MessageChanges | null;
  /** messages that its prompt begins with as the previous one did */
  repeated: number;
  /** the provider held the conversation: only new messages were sent */
  held: boolean;
  /** it goes on from the previous one with none of its messages */
  restarted: boolean;
};

export type Conversation = { index: number; calls: Call[]; tip: Call | null };

export type Contexts = {
  run: Run;
  calls: Call[];
  conversations: Conversation[];
  unrecorded: Unit;
  /** calls whose messages were not recorded */
  silent: number;
  /** calls not looked at, because prompts of others are too many */
  left: number;
  rates(step: Step): Rates | null;
  callOf(step: Step): Call | undefined;
};

/** Places of units in lists that are not shared: what rewriting each prompt may cost in memory. */
const mostPlaces = 4_000_000;
const known = new WeakMap<Run, Contexts>();

/** Two questions about one run share the answer. */
export function readContexts(run: Run): Contexts {
  const found = known.get(run) ?? read(run);
  known.set(run, found);
  return found;
}

function read(run: Run): Contexts {
  const byId = new Map(run.steps.map((step) => [step.span_id, step]));
  const parts = openParts(run, byId);
  const steps = run.steps.filter((step) => step.kind === "llm" && step.call === "llm");
  const callOf = new Map<Step, Call>();
  const unrecorded = headUnit("unrecorded", "");
  const contexts: Contexts = {
    run,
    calls: [],
    conversations: [],
    unrecorded,
    silent: 0,
    left: 0,
    rates: ratesOf(steps),
    callOf: (step) => callOf.get(step),
  };
  const saidBy = new Map<string, Call>();
  const bySpeaker = new Map<string, Conversation[]>();
  let places = 0;
  for (const step of steps) {
    if (places > mostPlaces) {
      contexts.left += 1;
      continue;
    }
    const { teller, head } = parts.sent(step);
    const call = place(run, teller, step, head, { contexts, parts, callOf, saidBy, bySpeaker });
    if (call.units === 0 && !head.system && !head.tools) contexts.silent += 1;
    if (!call.previous || call.thread !== call.previous.thread) places += call.units;
    measure(call);
    contexts.calls.push(call);
    callOf.set(step, call);
    callOf.set(teller, call);
    for (const message of run.contents(teller).said)
      for (const part of message.parts) if (part.type === "tool_call" && part.id !== null) saidBy.set(part.id, call);
  }
  return contexts;
}

function ratesOf(steps: readonly Step[]): (step: Step) => Rates | null {
  const byModel = new Map<string, Step[]>();
  for (const step of steps) {
    const model = modelOf(step);
    if (model === null) continue;
    const own = byModel.get(model);
    if (own) own.push(step);
    else byModel.set(model, [step]);
  }
  const solved = new Map<string, Rates | null>();
  return (step) => {
    const model = modelOf(step);
    if (model === null) return null;
    let rates = solved.get(model);
    if (rates === undefined) {
      rates = solveRates(byModel.get(model) ?? []);
      solved.set(model, rates);
    }
    return rates;
  };
}

type Placing = {
  contexts: Contexts;
  parts: Parts;
  callOf: Map<Step, Call>;
  saidBy: Map<string, Call>;
  /** conversations that each agent began or took over, the latest last */
  bySpeaker: Map<string, Conversation[]>;
};

/** Puts a call where it belongs: at the end of a conversation, beside one, or at the beginning of its own. */
function place(run: Run, teller: Step, step: Step, head: Head, placing: Placing): Call {
  const { contexts, parts, callOf, saidBy, bySpeaker } = placing;
  const { continues, added } = run.conversation(teller);
  const repeatedCall = continues ? callOf.get(continues) : undefined;
  const call: Call = {
    step,
    head,
    conversation: { index: 0, calls: [], tip: null },
    thread: { messages: [], ends: [], units: [], tokens: [] },
    messages: 0,
    units: 0,
    system_tokens: 0,
    tools_tokens: 0,
    unrecorded_tokens: 0,
    total: 0,
    measured: step.input_tokens !== null && step.input_tokens >= 0,
    previous: null,
    changes: null,
    repeated: 0,
    held: false,
    restarted: false,
  };
  const append = (previous: Call, messages: readonly Heard[]) => {
    call.previous = previous;
    call.repeated = previous.messages;
    const { thread } = previous;
    call.thread = previous.messages === thread.messages.length ? thread : startOf(thread, previous.messages);
    extend(call, messages, parts);
  };
  if (repeatedCall && !repeatedCall.held) append(repeatedCall, added);
  else {
    const heard = continues ? run.heard(teller) : added;
    const found = findPrevious(heard, call, bySpeaker.get(speakerOf(step)) ?? []);
    const asked = found ? undefined : heldBy(heard, saidBy);
    if (found && found.prefix === found.call.messages) append(found.call, heard.slice(found.prefix));
    else if (asked) {
      call.held = true;
      append(asked, [...saidAsHeard(run, asked), ...heard]);
    } else {
      extend(call, heard, parts);
      if (found) {
        call.previous = found.call;
        call.restarted = found.restarted;
        call.changes = compareMessages(found.call.thread.messages, found.call.messages, heard);
        call.repeated = call.changes.prefix;
      }
    }
  }
  const { previous } = call;
  const goesOn = previous && previous.conversation.tip === previous;
  call.conversation = goesOn ? previous.conversation : { index: contexts.conversations.length, calls: [], tip: null };
  if (!goesOn) contexts.conversations.push(call.conversation);
  const speaker = speakerOf(step);
  if (!goesOn || speakerOf(previous.step) !== speaker) {
    const own = bySpeaker.get(speaker);
    if (own) own.push(call.conversation);
    else bySpeaker.set(speaker, [call.conversation]);
  }
  call.conversation.calls.push(call);
  call.conversation.tip = call;
  return call;
}

function startOf(thread: Thread, messages: number): Thread {
  const units = messages === 0 ? 0 : (thread.ends[messages - 1] as number);
  return {
    messages: thread.messages.slice(0, messages),
    ends: thread.ends.slice(0, messages),
    units: thread.units.slice(0, units),
    tokens: thread.tokens.slice(0, units),
  };
}

function extend(call: Call, messages: readonly Heard[], parts: Parts): void {
  const { thread } = call;
  for (const heard of messages) {
    for (const unit of parts.of(heard)) {
      thread.units.push(unit);
      thread.tokens.push(-1);
    }
    thread.messages.push(heard);
    thread.ends.push(thread.units.length);
  }
  call.messages = thread.messages.length;
  call.units = thread.units.length;
}

/** What a call said, as the provider kept it. Keys of its own: nobody sent it. */
let heldKey = -1;
function saidAsHeard(run: Run, call: Call): Heard[] {
  return run.contents(call.step).said.map((message) => ({ key: heldKey--, message }));
}

/** Results of calls that the prompt itself does not hold: the provider has what was said before. */
function heldBy(heard: readonly Heard[], saidBy: ReadonlyMap<string, Call>): Call | undefined {
  const first = heard.find((each) => !isSystem(each));
  const part = first?.message.parts.find((each) => each.type === "tool_call_response");
  return part?.type === "tool_call_response" && part.id !== null ? saidBy.get(part.id) : undefined;
}

/** Whether one tokeniser counted both. */
export function isSameCounter(one: Step, other: Step): boolean {
  const [a, b] = [modelOf(one), modelOf(other)];
  return a === b || (a !== null && b !== null && isSameModel(a, b));
}
