/** Records in this process, with the built package, and reads back what a piece of work left. */
import { pathToFileURL } from "node:url";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { SpanDetail } from "../../../src/store/reader.js";
import { dist, spansIn, workspace } from "../program.js";

export async function built<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(`${dist}/${file}`).href)) as T;
}

const sdk = await built<typeof import("../../../src/index.js")>("index.js");

export type Recording = {
  /** The spans that `work` left, in the order of their starts, without the one around them. */
  of(work: () => unknown): Promise<SpanDetail[]>;
  /** What `diag` has been told since the last time this was asked. */
  told(): string[];
  stop(): Promise<void>;
};

export function startRecording(): Recording {
  const space = workspace();
  const tracing = sdk.setupTracing("recorded", { dbPath: space.db });
  const messages: string[] = [];
  const tell = (...args: unknown[]) => void messages.push(args.map(String).join(" "));
  const silent = () => {};
  diag.setLogger({ error: tell, warn: tell, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN);
  return {
    async of(work) {
      let trace = "";
      await sdk.startSpan("around", async (span) => {
        trace = span.spanContext().traceId;
        await work();
      });
      await tracing.flush();
      return parentsFirst(
        (await spansIn(space.db)).filter((span) => span.trace_id === trace && span.name !== "around"),
      );
    },
    told: () => messages.splice(0),
    async stop() {
      diag.disable();
      await tracing.shutdown();
      space.remove();
    },
  };
}

/** Starts are told to the ms: of those that are told alike, the outer one was first. */
function parentsFirst(spans: SpanDetail[]): SpanDetail[] {
  const byId = new Map(spans.map((span) => [span.span_id, span]));
  const depth = (span: SpanDetail | undefined): number =>
    span === undefined ? 0 : 1 + depth(byId.get(span.parent_span_id ?? ""));
  return spans.sort((a, b) => a.start.localeCompare(b.start) || depth(a) - depth(b));
}
