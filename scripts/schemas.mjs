// Writes schemas/ from the built library: the JSON Schemas, and the store's tables.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const dist = process.env.AGENSIGHT_DIST ?? "dist";
const load = (module) => import(pathToFileURL(join(dist, module)).href);
const [{ publishedSchemas }, { configSchema }] = await Promise.all([load("mcp/schemas.js"), load("cli/config.js")]);
for (const [path, schema] of [...publishedSchemas(), ["config.json", configSchema()]]) {
  const file = join("schemas", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
}
const { schema } = await load("store/schema.js");
writeFileSync(join("schemas", "store.sql"), schema);
