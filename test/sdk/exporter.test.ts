import { afterEach, beforeEach, expect, test } from "vitest";
import { run, spansIn, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

test.each(["batch", "simple"])(
  "The exporter records behind a program's own provider and %s processor",
  async (processor) => {
    const { code, stdout, stderr, messages } = await run("foreign-provider.mjs", { db: space.db, args: [processor] });
    expect({ code, stdout, messages }).toEqual({ code: 0, stdout: "", messages: [{ results: [1], resolved: true }] });
    expect(stderr).toMatch(/^diag warn: agensight: this program has a tracer provider already.*\n$/);

    const spans = await spansIn(space.db);
    const [outer, inner] = [...spans].sort((a, b) =>
      a.parent_span_id === null ? -1 : b.parent_span_id === null ? 1 : 0,
    );
    expect(outer).toMatchObject({ name: "through the helpers", service: "foreign", session_id: "s1" });
    expect(inner).toMatchObject({
      name: "directly",
      parent_span_id: outer?.span_id,
      scope: { name: "app", version: "2.0" },
    });
    expect(inner?.events).toMatchObject([{ name: "halfway", attributes: { percent: 50.5 } }]);
    expect(inner?.links).toMatchObject([{ trace_id: outer?.trace_id, span_id: outer?.span_id }]);
    expect(inner?.resource).toMatchObject({ "service.name": "foreign", list: ["a", "b"] });
  },
);

test("An export succeeds when its spans are on disk", async () => {
  const { messages } = await run("foreign-provider.mjs", { db: space.db, args: ["direct"] });
  expect(messages).toEqual([{ results: [0, 1], resolved: true }]);
  expect((await spansIn(space.db)).map((span) => span.name)).toContain("exported by hand");
});
