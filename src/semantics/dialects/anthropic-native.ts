/** What Anthropic's SDK ≥ 1 adds to `gen_ai.*` in its own spans (scope com.anthropic.sdk.typescript). */
import type { Dialect } from "../dialect.js";

export const anthropicNative: Dialect = {
  owns: (key) => key.startsWith("anthropic."),
  texts: [["finish_reason", ["anthropic.message.stop_reason"]]],
  sources: [["output_value", ["anthropic.tool_result.content"]]],
};
