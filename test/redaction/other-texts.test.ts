/** What is found in texts that nobody wrote for these patterns: recorded spans, and packages as package-lock.json pins them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFinder } from "../../src/redaction/find.js";
import { type PatternName, personalPatterns, secretPatterns } from "../../src/redaction/settings.js";

const corpus = new URL("../fixtures/corpus/", import.meta.url).pathname;
const packages = new URL("../../node_modules/", import.meta.url).pathname;
/** Libraries for agents, validators with their tests, types with their documents. */
const chosen = [
  "openai",
  "@anthropic-ai/sdk",
  "@langchain/core",
  "langchain",
  "langsmith",
  "zod",
  "express",
  "@types/node",
];

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules") return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return /\.(?:[cm]?[jt]s|md|json|jsonl)$/.test(entry.name) ? [path] : [];
  });
}

/** The distinct values, by pattern. */
function distinct(
  paths: string[],
  patterns: readonly PatternName[],
): { found: Record<string, string[]>; characters: number } {
  const find = createFinder({ patterns: [...patterns], custom: [] });
  const values: Record<string, Set<string>> = {};
  let characters = 0;
  for (const path of paths) {
    const text = readFileSync(path, "utf8");
    characters += text.length;
    for (const { name, start, end } of find(text)) {
      values[name] ??= new Set();
      values[name].add(text.slice(start, end));
    }
  }
  return {
    found: Object.fromEntries(Object.entries(values).map(([name, set]) => [name, [...set].sort()])),
    characters,
  };
}

test("other people's spans hold no secret and nothing personal, and none is seen in them", () => {
  const { found, characters } = distinct(files(corpus), [...secretPatterns, ...personalPatterns]);
  expect(characters).toBeGreaterThan(1_000_000);
  expect(found).toEqual({});
});

test("in tens of megabytes of code and documents only examples of secrets are found, each of which is one", () => {
  const { found, characters } = distinct(
    chosen.flatMap((name) => files(join(packages, name))),
    secretPatterns,
  );
  expect(characters).toBeGreaterThan(20_000_000);
  expect(found).toMatchInlineSnapshot(`
    {
      "api_key": [
        "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
      ],
      "jwt": [
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
      ],
      "url_credentials": [
        "123:xyz",
        ":PASS",
        ":password",
        "a:b",
        "abc:123",
        "abc:xyz",
        "anonymous:flabada",
        "user:PASS",
        "username:password",
      ],
    }
  `);
});

test("personal data of examples is found in the same texts, and nothing else", () => {
  const { found } = distinct(
    chosen.flatMap((name) => files(join(packages, name))),
    ["credit_card", "ssn", "iban", "phone"],
  );
  expect(found).toMatchInlineSnapshot(`
    {
      "credit_card": [
        "2200000000000004",
        "30569309025904",
        "3530111333300000",
        "378282246310005",
        "4007000000027",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111111111111111",
        "5555555555554444",
        "6011111111111117",
        "6200000000000005",
        "6250000000000000005",
        "6362000000000009",
        "6450000000000002",
      ],
      "iban": [
        "BE68539007547034",
        "CY17002001280000001200527600",
        "DE89 3704 0044 0532 0130 00",
        "DE89-3704-0044-0532-0130-00",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "GB29NWBK60161331926819",
        "MT84MALT011000012345MTLCAST001S",
        "NL91ABNA0417164300",
        "NO93 8601 1117 947",
        "NO93-8601-1117-947",
        "NO9386011117947",
        "TR610000100000000000000001",
      ],
      "phone": [
        "(555) 123-4567",
        "+14155550123",
        "+15555555555",
        "+19876543210",
      ],
      "ssn": [
        "123-45-6789",
      ],
    }
  `);
});
