/** Spans that ran when an earlier server stopped, and whose programs died before this one came. */
import { httpError } from "./http-error.js";
import type { ServerContext } from "./route.js";

/** ms in which programs that live tell of their running spans again: they try every 5 s at least */
const patience = 15_000;
const mostTraces = 200;

type SpanKey = { trace_id: string; span_id: string };

/** Marks as abandoned what runs in the store now and of which nobody tells. `told`: what programs said is running. Returns the undo. */
export function abandonLeftBehind(context: ServerContext, told: () => SpanKey[]): () => void {
  const timer = setTimeout(() => {
    abandonUntold().catch((error) =>
      context.say(`spans of programs that are gone could not be marked: ${httpError(error).message}`),
    );
  }, patience).unref();
  const found = runningSpans(context).catch(() => []);

  async function abandonUntold(): Promise<void> {
    const alive = new Set(told().map(({ trace_id, span_id }) => `${trace_id}/${span_id}`));
    const gone = (await found).filter(({ trace_id, span_id }) => !alive.has(`${trace_id}/${span_id}`));
    if (gone.length === 0) return;
    await context.receiver.abandon(gone);
    context.live.look();
  }
  return () => clearTimeout(timer);
}

async function runningSpans({ store }: ServerContext): Promise<SpanKey[]> {
  const reader = await store.reader();
  if (!reader) return [];
  const { traces } = await reader.listTraces({ status: "running", limit: mostTraces });
  const trees = await Promise.all(traces.map(({ trace_id }) => reader.getTrace({ trace_id })));
  return trees.flatMap(({ spans }) => spans.filter(({ status }) => status === "running"));
}
