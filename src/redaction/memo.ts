/** Remembers what became of texts, so that a conversation that is sent again with every call costs a look-up. */
import type { RedactionCounts } from "./redact.js";

export type Redacted = { text: string; counts: RedactionCounts };

/** Shorter texts cost less than to be remembered: most come once. */
export const shortestRemembered = 512;

/** Forgets what was not asked for longest. `capacity` counts characters. */
export function createMemo(capacity: number) {
  const entries = new Map<string, Redacted>();
  let size = 0;
  const weightOf = (key: string, { text }: Redacted) => key.length + (text === key ? 0 : text.length) + 100;
  return {
    get(key: string): Redacted | undefined {
      const found = entries.get(key);
      if (found) {
        entries.delete(key);
        entries.set(key, found);
      }
      return found;
    },
    set(key: string, redacted: Redacted): void {
      const weight = weightOf(key, redacted);
      if (weight > capacity / 2) return;
      entries.set(key, redacted);
      size += weight;
      for (const [oldest, value] of entries) {
        if (size <= capacity) break;
        entries.delete(oldest);
        size -= weightOf(oldest, value);
      }
    },
  };
}
