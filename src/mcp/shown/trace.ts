/** A trace's summary as it may be shown. */
import type { TraceSummary } from "../../model/summary.js";
import { orNull, type Show } from "../show.js";

export function showTrace(show: Show, given: TraceSummary): TraceSummary {
  return {
    ...given,
    name: show.name(given.name),
    service: orNull(show.name, given.service),
    session_id: orNull(show.session, given.session_id),
    models: given.models.map(show.name),
    agents: given.agents.map(show.name),
  };
}
