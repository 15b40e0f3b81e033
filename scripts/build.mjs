// Builds dist/ (or the folder in AGENSIGHT_DIST): plain tsc output, bundles for the recorder's thread and the command.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { bundleCommand } from "./bundle-command.mjs";
import { embedWorker } from "./embed-worker.mjs";

const dist = process.env.AGENSIGHT_DIST ?? "dist";
rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", ".", "--outDir", dist], { stdio: "inherit" });
embedWorker(dist);
bundleCommand(dist);
