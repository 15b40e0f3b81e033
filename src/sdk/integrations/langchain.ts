/** Records what a program does with LangChain. */

/** Being built. */
export function instrumentLangChain(_target?: unknown): () => void {
  return () => {};
}
