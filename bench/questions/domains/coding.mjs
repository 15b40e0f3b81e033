// A coding agent in a repository.

const files = [
  "src/cart/total.ts",
  "src/cart/discount.ts",
  "src/api/orders.ts",
  "src/api/session.ts",
  "src/lib/money.ts",
  "src/lib/retry.ts",
  "test/cart/total.test.ts",
  "test/api/orders.test.ts",
  "src/ui/checkout/form.tsx",
  "src/jobs/invoice.ts",
];
const names = ["applyDiscount", "roundMoney", "withRetry", "parseOrder", "loadSession", "sumLines", "renderInvoice"];

/** Some lines of TypeScript that look like a file of this repository. */
export function source(random, lines) {
  const out = ['import { z } from "zod";', `import { ${random.pick(names)} } from "../lib/money.js";`, ""];
  while (out.length < lines) {
    const name = `${random.pick(names)}${random.between(2, 99)}`;
    out.push(
      `/** ${random.pick(["Cents, never floats.", "Throws when the order is unknown.", "Rounds half up, as invoices must."])} */`,
      `export function ${name}(input: ${random.pick(["Order", "Line[]", "Session", "number"])}, limit = ${random.between(1, 500)}) {`,
      `  if (limit < ${random.between(1, 9)}) throw new RangeError("limit ${random.between(1, 9)}");`,
      `  const found = input.${random.pick(["lines", "items", "parts"])}?.filter((each) => each.cents > ${random.between(10, 9000)});`,
      `  return ${random.pick(names)}(found ?? [], ${random.between(2, 40)});`,
      "}",
      "",
    );
  }
  return out.slice(0, lines).join("\n");
}

export const coding = {
  service: "code-agent",
  agents: ["coder", "reviewer", "tester"],
  system: `You are a careful software engineer working in the repository /srv/shop (TypeScript, vitest, pnpm).
Read before you edit. Make the smallest change that solves the problem, and run the tests that cover it.
Never edit generated files (dist/, *.gen.ts) and never touch the lock file by hand. Money is kept in integer cents.
When a test fails, read its output before you change anything. Do not weaken tests to make them pass.
Use list_dir and grep to find your way, read_file to read, edit_file to change, run_tests to check, run_shell for the rest.
Commands run without a network. A command that takes more than ten minutes is ended.
Finish with a summary of what you changed and why, the files touched, and what you did not do.
Do not commit; a person reviews the working tree. Ask when requirements contradict each other.`,
  users: [
    (r) =>
      `Totals are off by one cent when a ${r.between(5, 30)} % discount meets odd prices. Find out why and fix it.`,
    () => "Add a retry to the orders API for 502 answers: three tries, growing waits. With a test.",
    () => "The invoice job crashes for orders without lines since yesterday. Please repair.",
    (r) => `Rename ${r.pick(names)} to a name that says what it does, everywhere, and keep the tests green.`,
    () => "Why does the session test fail one time in ten? Make it reliable.",
  ],
  thinks: [
    "I'll look at the code first.",
    "The rounding happens in lib/money; let me see who calls it.",
    "Now the test that covers this.",
    "That explains the off-by-one. I change the order of rounding and discount.",
    "Let me run the tests for this file.",
  ],
  answers: [
    (r) =>
      `Fixed: the discount was rounded per line and again for the sum. It is now applied once, in cents (${r.pick(files)}). All tests of cart and api pass. I did not touch the invoice job, which has its own rounding.`,
    (r) =>
      `Done. ${r.pick(files)} now retries three times with 200, 400 and 800 ms between, only for 502 and 503. Two tests were added.`,
    () =>
      "The job assumed at least one line. It now writes an invoice of zero and logs a warning. Covered by a new test.",
  ],
  tools: [
    {
      name: "list_dir",
      says: "List a directory",
      needs: ["path"],
      ms: 9,
      args: (r) => ({ path: r.pick(["src", "src/cart", "src/api", "test", "src/lib"]) }),
      result: (a, r) =>
        r
          .shuffled(files)
          .slice(0, 5)
          .map((file) => `${a.path}/${file.split("/").pop()}`)
          .join("\n"),
    },
    {
      name: "grep",
      says: "Search the repository with a regular expression",
      needs: ["pattern", "path"],
      ms: 45,
      args: (r) => ({ pattern: `${r.pick(names)}\\(`, path: "src" }),
      result: (a, r) =>
        Array.from(
          { length: r.between(2, 9) },
          () =>
            `${r.pick(files)}:${r.between(3, 240)}:  const sum = ${a.pattern.replace(/\W/g, "")}(lines, ${r.between(1, 99)});`,
        ).join("\n"),
    },
    {
      name: "read_file",
      says: "Read a file",
      needs: ["path"],
      ms: 12,
      args: (r) => ({ path: r.pick(files) }),
      result: (_, r) => source(r, r.between(18, 60)),
    },
    {
      name: "edit_file",
      says: "Replace a text in a file",
      needs: ["path", "old", "new"],
      ms: 14,
      args: (r) => ({
        path: r.pick(files),
        old: `  return ${r.pick(names)}(found, ${r.between(2, 99)});`,
        new: `  return ${r.pick(names)}(found ?? [], ${r.between(2, 99)});`,
      }),
      result: (a) => `edited ${a.path}: 1 replacement`,
    },
    {
      name: "run_tests",
      says: "Run vitest on some files",
      needs: ["files"],
      ms: 6800,
      args: (r) => ({ files: [r.pick(files.filter((file) => file.startsWith("test")))] }),
      result: (a, r) =>
        ` ✓ ${a.files?.[0] ?? "test"} (${r.between(6, 31)} tests) ${r.between(300, 2400)}ms\n\n Test Files  1 passed (1)\n      Tests  ${r.between(6, 31)} passed`,
    },
    {
      name: "run_shell",
      says: "Run a command",
      needs: ["command"],
      ms: 900,
      args: (r) => ({
        command: r.pick(["pnpm tsc --noEmit", "git diff --stat", "pnpm biome check src", "git log --oneline -5"]),
      }),
      result: (_, r) => `exit 0\n ${r.pick(files)} | ${r.between(2, 30)} ++--\n 1 file changed`,
    },
  ],
};
