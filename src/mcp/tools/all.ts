/** The tools that a model sees, in the order it sees them. */
import type { Tool } from "../tool.js";
import { checkTrace } from "./check-trace.js";
import { compareTraces } from "./compare-traces.js";
import { diagnoseTrace } from "./diagnose-trace.js";
import { explainContext } from "./explain-context.js";
import { findErrors } from "./find-errors.js";
import { getAgentGraph } from "./get-agent-graph.js";
import { getSession } from "./get-session.js";
import { getSpan } from "./get-span.js";
import { getTrace } from "./get-trace.js";
import { getUsage } from "./get-usage.js";
import { listSessions } from "./list-sessions.js";
import { listTraces } from "./list-traces.js";
import { searchSpans } from "./search-spans.js";
import { tailSpans } from "./tail-spans.js";

export const tools: readonly Tool[] = [
  listTraces,
  getTrace,
  getSpan,
  searchSpans,
  listSessions,
  getSession,
  getUsage,
  findErrors,
  getAgentGraph,
  diagnoseTrace,
  compareTraces,
  explainContext,
  tailSpans,
  checkTrace,
];
