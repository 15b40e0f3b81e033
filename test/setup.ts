/** Gives every test file a home of its own, so that no test sees or changes the user's ~/.agensight. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const home = mkdtempSync(join(tmpdir(), "agensight-home-"));
for (const name of Object.keys(process.env)) {
  if (name.startsWith("AGENSIGHT_") && name !== "AGENSIGHT_SQLITE") delete process.env[name];
}
process.env.AGENSIGHT_HOME = home;

afterAll(() => rmSync(home, { recursive: true, force: true }));
