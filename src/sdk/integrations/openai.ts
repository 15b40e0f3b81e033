/** Records what a program does with OpenAI. */

/** Being built. */
export function instrumentOpenAI(_target?: unknown): () => void {
  return () => {};
}
