/** Failures as they may be shown. */
import type { Affected, ErrorListing } from "../../model/error-group.js";
import { orNull, type Show } from "../show.js";

export function showErrors(show: Show, given: ErrorListing): ErrorListing {
  const named = ({ most, distinct }: Affected, name: (name: string) => string): Affected => ({
    most: most.map((one) => ({ ...one, name: name(one.name) })),
    distinct,
  });
  return {
    ...given,
    groups: given.groups.map((group) => ({
      ...group,
      error_type: orNull(show.name, group.error_type),
      error_message: orNull(show.text, group.error_message),
      place: show.name(group.place),
      agents: named(group.agents, show.name),
      tools: named(group.tools, show.name),
      models: named(group.models, show.name),
      services: named(group.services, show.name),
      sessions: named(group.sessions, show.session),
    })),
  };
}
