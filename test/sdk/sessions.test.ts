import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SpanDetail } from "../../src/store/reader.js";
import { run, spansIn, workspace } from "./program.js";

const own = (span: SpanDetail | undefined) => span?.attributes["session.id"] ?? null;

describe("Sessions named by the program", () => {
  const space = workspace();
  let spans: SpanDetail[];
  const named = (name: string) => spans.find((span) => span.name === name);

  beforeAll(async () => {
    const { code, stdout } = await run("sessions.mjs", { db: space.db });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    spans = await spansIn(space.db);
  });
  afterAll(() => space.remove());

  test("Parallel requests keep their own sessions, however they name them", () => {
    for (const name of ["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"]) {
      expect(own(named(`${name} agent`)), name).toBe(`session of ${name}`);
      expect(own(named(`${name} tool`)), name).toBe(`session of ${name}`);
    }
  });

  test("A request that names none gets none from its neighbours or from the request before it on its connection", () => {
    for (const name of ["a3", "b3", "c3", "d3"]) expect(own(named(`${name} agent`)), name).toBeNull();
  });

  test("setSessionId inside a span's function ends with that function", () => {
    expect(own(named("beside it"))).toBeNull();
  });

  test("Sessions nest, and an attribute set by hand wins", () => {
    expect(own(named("innermost"))).toBe("inner session");
    expect(own(named("back outside"))).toBe("named by hand");
  });

  test("The session is written as OpenTelemetry names it, and read back as the span's session", () => {
    expect(named("a1 agent")).toMatchObject({ session_id: "session of a1" });
    expect(named("a1 agent")?.attributes["gen_ai.conversation.id"]).toBe("session of a1");
  });
});

describe("Sessions made by enableSessionTracking", () => {
  const space = workspace();
  let spans: SpanDetail[];
  const named = (name: string) => spans.find((span) => span.name === name);

  beforeAll(async () => {
    await run("sessions.mjs", { db: space.db, args: ["tracked"] });
    spans = await spansIn(space.db);
  });
  afterAll(() => space.remove());

  test("Each request without a session gets one of its own, the same for all its spans", () => {
    const made = ["a3", "b3", "c3", "d3"].map((name) => own(named(`${name} agent`)));
    expect(new Set(made).size).toBe(4);
    for (const id of made) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(own(named("a3 tool"))).toBe(made[0]);
  });

  test("A session that the program names is left as it is", () => {
    expect(own(named("a1 agent"))).toBe("session of a1");
    expect(own(named("innermost"))).toBe("inner session");
  });
});
