/** Finish reasons of every provider in OpenTelemetry's words: stop, length, tool_call, content_filter, error. */

const reasons: Record<string, string> = {
  end_turn: "stop",
  stop_sequence: "stop",
  eos: "stop",
  complete: "stop",
  completed: "stop",
  max_tokens: "length",
  max_output_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_call",
  tool_calls: "tool_call",
  function_call: "tool_call",
  "tool-calls": "tool_call",
  refusal: "content_filter",
  safety: "content_filter",
  "content-filter": "content_filter",
};

/** A word that is not known stays, in lower case. */
export function finishReason(recorded: string): string {
  const reason = recorded.trim().toLowerCase();
  return Object.hasOwn(reasons, reason) ? (reasons[reason] as string) : reason;
}
