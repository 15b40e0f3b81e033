import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { bin, makeHome, otlpLine } from "./agensight.js";

const { path, write, run, remove } = makeHome();
afterAll(remove);

describe("agensight demo", () => {
  test("records, imports, asks five questions and tells how to connect; a second run makes its store anew", async () => {
    const user = path("user");
    mkdirSync(user);
    const { code, stdout, stderr } = await run(["demo"], { env: { HOME: user, USERPROFILE: user } });
    expect([code, stderr.trim()]).toEqual([0, ""]);
    expect(stdout).toContain("imported 687 spans and 35 log records");
    expect(stdout.match(/→ \w+ \{/g)).toHaveLength(5);
    expect(stdout).toContain('→ diagnose_trace {"trace_id":');
    expect(stdout).toContain("PaymentDeclined");
    expect(stdout).toContain("TimeoutError");
    expect(stdout).toMatch(/│ writer \| claude-sonnet-4-5 \| 2 \|.*\$0\.\d+/);
    expect(stdout).toContain(`claude mcp add agensight -- ${process.execPath} ${bin} mcp --db ${path("demo.db")}`);
    expect(stdout).toContain('"mcpServers"');
    expect(stdout).toContain('"servers"');

    // the server it starts works in the same AGENSIGHT_HOME
    expect(existsSync(path("user/.agensight"))).toBe(false);
    const report = JSON.parse((await run(["doctor", "--json", "--db", path("demo.db")])).stdout);
    expect(report.store).toMatchObject({ dropped_spans: 0, damage: [] });
    expect(report.store.services).toContainEqual(expect.objectContaining({ service: "travel-desk-demo", traces: 3 }));

    expect((await run(["demo"])).code).toBe(0);
    const again = JSON.parse((await run(["doctor", "--json", "--db", path("demo.db")])).stdout);
    expect(again.store.traces).toBe(report.store.traces);
  }, 60_000);

  test("never touches a file that it did not make", async () => {
    const mine = path("mine.db");
    await run(["import", "-", "--db", mine], { stdin: otlpLine({ service: "my-app" }) });
    const refused = await run(["demo", "--db", mine]);
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("is not a store that the demo made");
    expect((await run(["export", "--db", mine])).stdout).toContain("my-app");

    const notes = write("notes.txt", "my notes");
    expect((await run(["demo", "--db", notes])).code).toBe(2);
    expect(readFileSync(notes, "utf8")).toBe("my notes");
  });
});
