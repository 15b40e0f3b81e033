/** What Anthropic's SDK ≥ 0.134 adds to `gen_ai.*` in its own spans (scope com.anthropic.sdk.typescript). */
import type { Dialect } from "../dialect.js";
import type { SpanView } from "../span-view.js";

export const anthropicNative: Dialect = {
  owns: (key) => key.startsWith("anthropic."),
  texts: [["finish_reason", ["anthropic.message.stop_reason"]]],
  sources: [["output_value", ["anthropic.tool_result.content"]]],
};

/** Also of its packages for other platforms. */
export function isAnthropicSdk({ scope }: SpanView): boolean {
  return scope.startsWith("com.anthropic.sdk.");
}
