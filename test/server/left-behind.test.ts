/** A server that starts on a store in which spans run whose programs may be gone. */
import { afterEach, expect, test, vi } from "vitest";
import { abandonLeftBehind } from "../../src/server/left-behind.js";
import { requestOf, span, spanId, traceId } from "../store/otlp.js";
import { startTestServer } from "./start.js";

afterEach(() => vi.useRealTimers());

test("Running spans of which no program tells again are abandoned; those that are told of go on, ended ones stay", async () => {
  const server = await startTestServer();
  server.ingest.traces(
    requestOf([
      span({ trace: 1, id: 1, ms: null }),
      span({ trace: 1, id: 2, parent: 1 }),
      span({ trace: 1, id: 3, parent: 1, ms: null }),
      span({ trace: 2, id: 4, ms: null }),
    ]),
  );
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const end = abandonLeftBehind(server.context, () => [{ trace_id: traceId(2), span_id: spanId(4) }]);
  await vi.advanceTimersByTimeAsync(14_000);
  const statuses = async () => {
    const { changes } = (await (await server.context.store.reader())?.changes({ after_seq: 0, limit: 10 })) ?? {};
    return Object.fromEntries(changes?.map(({ span: { span_id, status } }) => [span_id, status]) ?? []);
  };
  expect((await statuses())[spanId(1)]).toBe("running");
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
  await expect
    .poll(statuses)
    .toEqual({ [spanId(1)]: "abandoned", [spanId(2)]: "ok", [spanId(3)]: "abandoned", [spanId(4)]: "running" });
  end();
  await server.close();
});
