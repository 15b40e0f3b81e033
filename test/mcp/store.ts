/** A real store in a temporary folder, filled through the one way in. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openIngest } from "../../src/ingest/ingest.js";
import type { LogsData, TracesData } from "../../src/model/otlp.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";

const corpus = "test/fixtures/corpus";

/** All that the corpus holds: spans first, then the logs that belong to them. */
export function corpusLines(): TracesData[] {
  const files = readdirSync(corpus).sort(
    (a, b) => Number(a.includes("logs")) - Number(b.includes("logs")) || (a < b ? -1 : 1),
  );
  return files.flatMap((file) =>
    readFileSync(join(corpus, file), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );
}

export type TestStore = { path: string; reader: TraceReader; remove(): void };

export async function storeOf(requests: TracesData[]): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), "agensight-mcp-"));
  const path = join(folder, "traces.db");
  const ingest = await openIngest({ path });
  for (const request of requests) {
    if ("resourceLogs" in request) ingest.logs(request as LogsData);
    else ingest.traces(request);
  }
  while (ingest.maintain({ all: true }));
  ingest.close();
  const reader = await openReader(path);
  return {
    path,
    reader,
    remove: () => {
      reader.close();
      rmSync(folder, { recursive: true });
    },
  };
}
