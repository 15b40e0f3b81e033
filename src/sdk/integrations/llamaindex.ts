/** Records what a program does with LlamaIndex. */

/** Being built. */
export function instrumentLlamaIndex(_target?: unknown): () => void {
  return () => {};
}
