// Bundles the recorder's thread to one CommonJS text and writes it into the module that hands it out.
import { readFileSync, writeFileSync } from "node:fs";
import { buildSync } from "esbuild";

// a text has no place of its own: where to look for packages is told by who runs it
const banner = `var agensightData = require("node:worker_threads").workerData?.agensightRecorder;
var agensightModuleUrl = agensightData?.moduleUrl ?? agensightModuleUrl;
var agensightArgv = agensightData ? [process.execPath, agensightData.programFile] : process.argv;`;

export function embedWorker(dist) {
  const { outputFiles } = buildSync({
    entryPoints: [`${dist}/sdk/recorder-worker.js`],
    bundle: true,
    write: false,
    minify: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    external: ["libsql", "sql.js"],
    // its optional native helpers would be looked for in the program's packages
    define: {
      "import.meta.url": "agensightModuleUrl",
      "process.argv": "agensightArgv",
      "process.env.WS_NO_BUFFER_UTIL": "'1'",
      "process.env.WS_NO_UTF_8_VALIDATE": "'1'",
    },
    banner: { js: banner },
  });
  const holder = `${dist}/sdk/worker-text.js`;
  const text = JSON.stringify(outputFiles[0].text);
  writeFileSync(
    holder,
    readFileSync(holder, "utf8").replace('workerText = ""', () => `workerText = ${text}`),
  );
}
