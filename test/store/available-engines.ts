/** The engines that can be opened by the Node that runs the tests, and a second Node to run programs on. */
import { existsSync } from "node:fs";
import type { EngineFamily, EngineName } from "../../src/store/engines/engine.js";
import { engineNames, openEngine } from "../../src/store/engines/open-engine.js";

async function isAvailable(engine: EngineName): Promise<boolean> {
  try {
    (await openEngine({ path: ":memory:", readOnly: false, engine })).close();
    return true;
  } catch {
    return false;
  }
}

const checked = await Promise.all(engineNames.map(async (name) => ({ name, available: await isAvailable(name) })));

export const availableEngines: EngineName[] = checked.filter((entry) => entry.available).map(({ name }) => name);
/** Those that several processes may use at once on one file. */
export const nativeEngines = availableEngines.filter((name) => name !== "sqljs");
/** One of each family: for what does not depend on the library behind the engine. */
export const engineOfEachFamily = [
  ...nativeEngines.slice(0, 1),
  ...availableEngines.filter((name) => name === "sqljs"),
];

export function familyOf(engine: EngineName): EngineFamily {
  return engine === "sqljs" ? "sqljs" : "native";
}

/** Path of a Node 24 binary; undefined where none is given. */
export const node24 = [process.env.AGENSIGHT_NODE24, process.env.NODE_24].find((path) => path && existsSync(path));
