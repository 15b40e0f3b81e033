/** Repricing: all costs are made anew with the prices at hand, wherever they are summed. */
import { describe, expect, test } from "vitest";
import { reprice } from "../../src/ingest/reprice.js";
import { openForWriting } from "../../src/store/open-store.js";
import { engineOfEachFamily } from "../store/available-engines.js";
import { chat, requestOf, span } from "../store/otlp.js";
import { settleAll, type Target, withIngest, withoutLatency, withReader } from "../store/store.js";
import { newStorePath } from "../store/temporary-folder.js";

const costs = (target: Target) =>
  withReader(target, async (reader) => ({
    traces: (await reader.listTraces({ limit: 9 })).traces,
    sessions: (await reader.listSessions({ limit: 9 })).sessions,
    usage: (await reader.getUsage({ group_by: ["model", "session"] })).groups.map(withoutLatency),
    total: withoutLatency((await reader.getUsage({ group_by: [] })).total),
    version: (await reader.info()).price_version,
  }));

describe.each(engineOfEachFamily)("on %s", (engine) => {
  test.each([
    ["settled", true],
    ["unsettled", false],
  ] as const)(
    "wrong and missing costs of %s traces are put right everywhere, and a second time changes nothing",
    async (_, settled) => {
      const target = { path: newStorePath(), engine };
      const call = (trace: number, id: number, model: string) =>
        span({ trace, id, parent: 10 * trace, attributes: chat({ model, input: 1000 * id, output: 100 }) });
      const roots = [1, 2].map((trace) =>
        span({ trace, id: 10 * trace, ms: 50, attributes: { "session.id": `session ${trace}` } }),
      );
      await withIngest(target, (ingest) =>
        ingest.traces(
          requestOf([...roots, call(1, 1, "gpt-4o"), call(1, 2, "house-model"), call(2, 3, "gpt-4o-mini")]),
        ),
      );
      const right = await costs(target);
      expect(right.total).toMatchObject({ unpriced_calls: 1, cost_usd: expect.any(Number) });

      const opened = await openForWriting(target.path, { engine });
      opened.transaction(() => {
        opened.run("UPDATE span SET cost_usd = CASE WHEN cost_usd IS NULL THEN 5 ELSE NULL END WHERE call = 1");
        opened.run("UPDATE meta SET value = 'old' WHERE key = 'price_version'");
      });
      opened.sync();
      opened.close();
      if (settled) await withIngest(target, settleAll);
      expect((await costs(target)).total).toMatchObject({ unpriced_calls: 2, cost_usd: 5 });

      const progress: number[] = [];
      expect(await reprice(target.path, { engine, progress: (done) => progress.push(done) })).toMatchObject({
        traces: 2,
        spans: 5,
        changed: 3,
      });
      expect(progress.at(-1)).toBe(2);
      expect(await costs(target)).toEqual(right);
      expect(await reprice(target.path, { engine })).toMatchObject({ changed: 0 });
      expect(await costs(target)).toEqual(right);
    },
  );
});
