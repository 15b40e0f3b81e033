/** Sets how long spans are kept: for one service, or for each one when its first span comes. */
import { setRetention } from "../store/retention.js";
import type { SpanWrite } from "../store/span-rows.js";
import type { SpanWriter } from "../store/writer.js";

export type Keeping = { service: string | null; max_age_s?: number; max_bytes?: number };

/** Services that are remembered: names come from outside. */
const mostRemembered = 10_000;

/** Call what it returns with spans that are about to be written. */
export function openKeeping(writer: SpanWriter, keeping: Keeping | undefined): (spans: SpanWrite[]) => void {
  if (!keeping) return () => {};
  const { service, max_age_s = null, max_bytes = null } = keeping;
  if (service !== null) {
    setRetention(writer, service, max_age_s, max_bytes);
    return () => {};
  }
  const known = new Set<string | null>([null]);
  return (spans) => {
    for (const { resource } of spans) {
      if (known.has(resource.service)) continue;
      setRetention(writer, resource.service as string, max_age_s, max_bytes);
      if (known.size > mostRemembered) known.clear();
      known.add(null).add(resource.service);
    }
  };
}
