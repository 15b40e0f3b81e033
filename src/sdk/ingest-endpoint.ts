/** Where `connectMcp` wants spans to go; whatever records in this program follows it. */

export type IngestEndpoint = { url: string; token: string | null };

let current: IngestEndpoint | null = null;
const listeners = new Set<(endpoint: IngestEndpoint | null) => void>();

/** null: nowhere. */
export function setEndpoint(endpoint: IngestEndpoint | null): void {
  current = endpoint;
  for (const listener of listeners) listener(endpoint);
}

export function hasEndpoint(): boolean {
  return current !== null;
}

/** Calls `listener` with the endpoint, now where there is one, and when it changes, until the returned function is called. */
export function watchEndpoint(listener: (endpoint: IngestEndpoint | null) => void): () => void {
  listeners.add(listener);
  if (current) listener(current);
  return () => listeners.delete(listener);
}
