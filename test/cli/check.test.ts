/** `agensight check`: what a program recorded, against rules, as continuous integration runs it. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chat, morning, requestOf, span, traceId } from "../store/otlp.js";
import { environment, makeHome, type Run } from "./agensight.js";

let home: ReturnType<typeof makeHome>;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const tool = (name: string) => ({ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name });

async function record(...spans: Parameters<typeof span>[0][]): Promise<void> {
  const line = JSON.stringify(requestOf(spans.map(span)));
  expect((await home.run(["import", "-"], { stdin: line })).code).toBe(0);
}
const check = (rules: unknown, ...args: string[]): Promise<Run> =>
  home.run(["check", home.write("rules.json", JSON.stringify(rules)), ...args]);

test("0: all passed, 1: one failed, 3: of one it cannot be told, or it never applied", async () => {
  await record(
    { trace: 1, id: 1, start: morning },
    { trace: 1, id: 2, parent: 1, attributes: tool("search") },
    { trace: 1, id: 3, parent: 1, attributes: chat({ model: "nobody-knows-me", input: 5, output: 5 }) },
  );
  const never = { rule: "order", tools: ["search", "book"] };
  const passing = [{ rule: "calls", tool: "search", max: 1 }, { rule: "no_errors" }, { ...never, allow_never: true }];
  const all = await check({ $schema: "./check-rules.json", rules: passing });
  expect([all.code, all.stderr]).toEqual([0, ""]);
  expect(all.stdout).toMatchInlineSnapshot(`
    "PASSED: all 3 rules, 1 run
    ✓ passed: calls search: at most 1; no_errors; order search → book
    "
  `);
  const unpriced = { rule: "limit", of: "cost_usd", max: 1 };
  expect((await check([...passing, unpriced])).code).toBe(3);
  expect((await check([...passing, never])).code).toBe(3);
  const failed = await check([...passing, unpriced, { rule: "calls", tool: "book", min: 1 }]);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("✗ calls book: at least 1\n  book was called 0 times, at least once expected");
});

test("1: when nothing matched, unless that is allowed", async () => {
  await record({ trace: 1, id: 1 });
  const none = await check([{ rule: "no_errors" }], "--service", "nobody");
  expect([none.code, none.stdout]).toEqual([1, "NOTHING CHECKED: no run matched\n"]);
  expect((await check([{ rule: "no_errors" }], "--service", "nobody", "--allow-empty")).code).toBe(0);
});

test("1: when there is no store", async () => {
  const { code, stderr } = await check([{ rule: "no_errors" }]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("There is no store at")]);
});

test("2: rules that are wrong, missing or no JSON, and wrong options", async () => {
  await record({ trace: 1, id: 1 });
  for (const [run, words] of [
    [await check([{ rule: "max_cost", usd: 1 }]), 'rule 1 (max_cost): there is no such rule: use "limit" of cost_usd'],
    [await check({ rules: [] }), "rules"],
    [await check([{ rule: "schema", of: "answer", schema: { pattern: "(" } }]), "its schema is wrong"],
    [await home.run(["check", home.path("missing.json")]), "cannot be read"],
    [await home.run(["check", home.write("no.json", "{rules}")]), "is no JSON"],
    [await home.run(["check"]), "name one file of rules"],
    [await check([{ rule: "no_errors" }], "--limit", "5000"), "--limit"],
    [await check([{ rule: "no_errors" }], "--status", "fine"), "there is no status"],
  ] as const)
    expect([run.code, run.stdout, run.stderr]).toEqual([2, "", expect.stringContaining(words)]);
});

test("filters choose the runs, and --json gives what the published schema says", async () => {
  await record(
    { trace: 1, id: 1, start: morning, attributes: { "session.id": "s-1" } },
    { trace: 2, id: 2, start: morning + 1000, error: "broken", attributes: { "session.id": "s-2" } },
    { trace: 3, id: 3, start: morning + 2000, ms: null },
  );
  const rules = [{ rule: "no_errors" }];
  const count = async (...args: string[]) => {
    const { stdout, code } = await check(rules, "--json", ...args);
    const answer = JSON.parse(stdout);
    return [code, answer.coverage.returned, answer.rules[0].counts];
  };
  const counts = { passed: 0, failed: 0, cannot_tell: 0, never_applied: 0 };
  expect(await count()).toEqual([1, 3, { ...counts, passed: 1, failed: 1, cannot_tell: 1 }]);
  expect(await count("--session", "s-1")).toEqual([0, 1, { ...counts, passed: 1 }]);
  expect(await count("--trace", traceId(2))).toEqual([1, 1, { ...counts, failed: 1 }]);
  expect(await count("--status", "running")).toEqual([3, 1, { ...counts, cannot_tell: 1 }]);
  expect(await count("--until", new Date(morning + 1).toISOString())).toEqual([0, 1, { ...counts, passed: 1 }]);
  const newest = await check(rules, "--limit", "1");
  expect(newest.stderr).toContain("checked the newest 1 of 3 runs: --limit takes more");
  expect(newest.stdout).toContain(`still running: ${traceId(3)}`);

  const schema = JSON.parse(readFileSync("schemas/tools/check_trace.answer.json", "utf8"));
  const valid = new Ajv2020({ strict: false }).compile(schema);
  expect([valid(JSON.parse((await check(rules, "--json")).stdout)), valid.errors]).toEqual([true, null]);
});

test("a secret in what failed is not printed", async () => {
  const key = `sk-proj-${"aB3dE5gH7jK9mN1p".repeat(3)}`;
  await record({ trace: 1, id: 1, error: `refused ${key}` });
  const { code, stdout } = await check([{ rule: "no_errors" }]);
  expect([code, stdout.includes(key)]).toEqual([1, false]);
  expect(stdout).toContain("refused [api_key]");
});

const run = promisify(execFile);
const readme = readFileSync("README.md", "utf8");
const section = readme.slice(readme.indexOf("## Check runs in CI"));
const block = (language: string) => section.match(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``))?.[1] as string;

test("README: the program under test records, then the check reads the same file", async () => {
  const db = home.path("ci.db");
  const sdk = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
  const program = `
    import { agent, llm, setupTracing, tool } from ${JSON.stringify(new URL(`file://${sdk}`).href)};
    const [, , mode] = process.argv;
    setupTracing("travel");
    await agent("travel", async () => {
      const refund = () => tool("refund", { "gen_ai.tool.call.arguments": { booking: "FW-4711" } }, async () => {});
      if (mode === "bad") await refund();
      await tool("find_booking", async (span) => span.setAttribute("gen_ai.tool.call.result", '{"id":"FW-4711"}'));
      await new Promise((resolve) => setTimeout(resolve, 5));
      await refund();
      await llm("chat", { "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4.1-mini" }, async (span) => {
        span.setAttributes({ "gen_ai.usage.input_tokens": 412, "gen_ai.usage.output_tokens": 18 });
      });
    });
  `;
  const file = home.write("program.mjs", program);
  const rules = home.write("agent-rules.json", block("json"));
  const env = { AGENSIGHT_DB: db };
  const inProcess = (mode: string) =>
    run(process.execPath, [file, mode], { env: environment({ ...env, AGENSIGHT_HOME: home.home }) });
  await inProcess("good");
  const good = await home.run(["check", rules], { env });
  expect([good.stderr, good.code]).toEqual(["", 0]);
  expect(good.stdout).toContain("PASSED: all");
  await inProcess("bad");
  const bad = await home.run(["check", rules], { env });
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain("refund was called 2 times, at most once allowed");
  expect(bad.stdout).toContain("refund was called before find_booking");
});

test("the published schema of rules takes the rules of the README and of --help, and no others", async () => {
  const schema = JSON.parse(readFileSync("schemas/check-rules.json", "utf8"));
  const valid = new Ajv2020({ strict: false }).compile(schema);
  const { stdout } = await home.run(["check", "--help"]);
  const inHelp = stdout.slice(stdout.indexOf("  {\n"), stdout.indexOf("\n  }\n") + 5);
  for (const text of [block("json"), inHelp]) expect([valid(JSON.parse(text)), valid.errors]).toEqual([true, null]);
  expect(valid({ rules: [{ rule: "must_call", tool: "x" }] })).toBe(false);
  expect(valid({ rules: [{ rule: "order", tools: ["a", "b"], strct: true }] })).toBe(false);
  await record({ trace: 1, id: 1 });
  const { code } = await home.run(["check", home.write("help.json", inHelp)]);
  expect(code).toBe(3);
});
