/** Records what a program does with Anthropic. */

/** Being built. */
export function instrumentAnthropic(_target?: unknown): () => void {
  return () => {};
}
