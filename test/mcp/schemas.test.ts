import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { publishedSchemas } from "../../src/mcp/schemas.js";
import { schema } from "../../src/store/schema.js";

it("schemas/ holds what the code says (npm run schemas writes it)", () => {
  const stored = new Map(
    readdirSync("schemas", { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".json"))
      .map((file) => [file.replaceAll("\\", "/"), JSON.parse(readFileSync(join("schemas", file), "utf8"))]),
  );
  for (const [path, schema] of publishedSchemas()) expect(stored.get(path), path).toEqual(schema);
  const ours = [...stored.keys()].filter((path) => path.startsWith("tools/"));
  expect(ours.filter((path) => !publishedSchemas().has(path))).toEqual([]);
});

it("schemas/store.sql is what a new store is made from", () => {
  expect(readFileSync("schemas/store.sql", "utf8")).toBe(schema);
});
