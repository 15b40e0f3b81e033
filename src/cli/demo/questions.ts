/** The demo's five questions. */
import type { Question } from "./ask.js";
import { demoService } from "./record.js";

/** The first trace that an earlier answer names. */
function traceIdIn(answer: string): string {
  const id = /\b[0-9a-f]{32}\b/.exec(answer)?.[0];
  if (!id) throw new Error("the answer names no trace");
  return id;
}

export const questions: Question[] = [
  {
    words: "What did my travel desk's agents just do?",
    tool: "list_traces",
    arguments: () => ({ service: demoService }),
  },
  {
    words: "What went wrong in them?",
    tool: "find_errors",
    arguments: () => ({ service: demoService }),
  },
  {
    words: "Why did the refund fail?",
    tool: "diagnose_trace",
    arguments: (earlier) => ({ trace_id: traceIdIn(earlier[1] ?? "") }),
  },
  {
    words: "What was said with Ada about Lisbon?",
    tool: "get_session",
    arguments: () => ({ session_id: "lisbon-weekend-ada", max_tokens: 1200 }),
  },
  {
    words: "Where did the money go, by agent and model?",
    tool: "get_usage",
    arguments: () => ({ service: demoService, group_by: ["agent", "model"] }),
  },
];
