/** An explanation of contexts as it may be shown. */
import type { CallContext, CarriedPart, ContextChange, ContextExplanation, ContextPart } from "../../model/context.js";
import { orNull, type Show, showPhrase } from "../show.js";

export function showContext(show: Show, given: ContextExplanation): ContextExplanation {
  return {
    ...given,
    verdict: showPhrase(show, given.verdict),
    parts: given.parts.map((each) => part(show, each)),
    carried: given.carried.map((each) => part(show, each)),
    calls: given.calls.map((each) => call(show, each)),
  };
}

function part<T extends ContextPart | CarriedPart>(show: Show, given: T): T {
  return { ...given, label: showPhrase(show, given.label) };
}

function call(show: Show, given: CallContext): CallContext {
  const { delta, cache } = given;
  return {
    ...given,
    agent: orNull(show.name, given.agent),
    model: orNull(show.name, given.model),
    added_parts: given.added_parts.map((each) => part(show, each)),
    delta: delta && {
      ...delta,
      previous_agent: orNull(show.name, delta.previous_agent),
      rewritten: delta.rewritten.map((each) => change(show, each)),
    },
    cache: cache && { ...cache, cause: cache.cause && change(show, cache.cause) },
  };
}

function change(show: Show, given: ContextChange): ContextChange {
  return {
    ...given,
    label: showPhrase(show, given.label),
    before: orNull(show.excerpt, given.before),
    after: orNull(show.excerpt, given.after),
  };
}
