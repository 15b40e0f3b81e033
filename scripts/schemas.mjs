// Writes the generated JSON Schemas to schemas/ from the built library; schemas/store.sql is written by hand.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const dist = process.env.AGENSIGHT_DIST ?? "dist";
const { publishedSchemas } = await import(pathToFileURL(join(dist, "mcp/schemas.js")).href);
for (const [path, schema] of publishedSchemas()) {
  const file = join("schemas", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
}
