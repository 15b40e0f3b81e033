import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { makeHome } from "./agensight.js";

const { run, remove } = makeHome();
afterAll(remove);

const commands = ["mcp", "demo", "import", "export", "doctor", "prune", "reprice"];

describe("agensight on the command line", () => {
  test("tells its version, the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("lists every command in its help", async () => {
    const { code, stdout } = await run(["--help"]);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, "m"));
  });

  test("without a command it shows the help on stderr and counts as wrong usage", async () => {
    const { code, stdout, stderr } = await run([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: agensight <command>");
  });

  test.each(commands)("%s --help tells its options and gives examples", async (command) => {
    const { code, stdout } = await run([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: agensight ${command}`);
    expect(stdout).toContain("--db PATH");
    expect(stdout.split("Examples:")[1]).toMatch(/agensight/);
  });

  test("help COMMAND is the same as COMMAND --help", async () => {
    expect((await run(["help", "import"])).stdout).toBe((await run(["import", "--help"])).stdout);
  });

  test.each([
    [["impotr"], 'unknown command "impotr" (did you mean "import"?)'],
    [["--db", "x.db"], "unknown option --db"],
    [["doctor", "--jsn"], 'unknown option --jsn (did you mean "json"?)'],
    [["doctor", "--db"], "--db needs a value"],
    [["doctor", "--db", "--json"], "--db needs a value"],
    [["doctor", "--db="], "--db needs a value"],
    [["doctor", "--json=yes"], "--json takes no value"],
    [["doctor", "--db", "a.db", "--db", "b.db"], "--db was given twice"],
    [["doctor", "x.db"], "doctor takes no operands"],
    [["import"], "import needs a FILE"],
    [["prune", "--keep", "soon"], '"soon" is not understood'],
    [["doctor", "--db", ":memory:"], '":memory:" is no path of a file'],
  ])("%j is wrong usage: exit code 2, told on stderr", async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("wrong usage names the help to read", async () => {
    expect((await run(["import", "--nope"])).stderr).toContain("See agensight import --help");
  });
});
