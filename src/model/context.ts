/** What the contexts of a run's model calls consist of. */
import type { Coverage } from "./summary.js";

export type ContextExplanation = { coverage: Coverage };
