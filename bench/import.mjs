// How long `agensight import` takes for the large workload, against reading the file and parsing its lines.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atMost, median, told } from "./figures.mjs";
import { spanCount, workload } from "./workload.mjs";

const rounds = 3;

/** Wall time of a Node program in seconds; a failure is an error. */
export async function timed(args) {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (data) => (stderr += data));
  const code = await new Promise((done) => child.on("close", done));
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}: ${stderr}`);
  return (performance.now() - began) / 1000;
}

export async function run() {
  const { path, bytes } = await workload();
  const folder = mkdtempSync(join(tmpdir(), "agensight-bench-import-"));
  const floors = [];
  const imports = [];
  try {
    await timed(["bench/parse-lines.mjs", path]);
    for (let round = 0; round < rounds; round++) {
      floors.push(await timed(["bench/parse-lines.mjs", path]));
      imports.push(await timed(["dist/cli/bin.js", "import", path, "--db", join(folder, `${round}.db`)]));
    }
    const { spans, waiting, indexSeconds } = await finish(join(folder, `${rounds - 1}.db`));
    if (spans !== spanCount) throw new Error(`${spans} spans can be queried, ${spanCount} were imported`);
    const floor = median(floors);
    const seconds = median(imports);
    return [
      told("import: floor, read and parse the lines", floor, "s", `${(bytes / 1e6).toFixed(0)} MB, ${spanCount} spans`),
      told(
        "import: until every span can be queried",
        seconds,
        "s",
        `${Math.round(spanCount / seconds)} spans a second`,
      ),
      atMost("import: against the floor", seconds / floor, 4, "×", `${waiting} spans left for the search index`),
      told("import: with the search index, against the floor", (seconds + indexSeconds) / floor, "×"),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the imported file holds, and how long the work takes that `import` left for later. */
async function finish(path) {
  const { openIngest } = await import("../dist/ingest/ingest.js");
  const { openReader } = await import("../dist/store/open.js");
  const reader = await openReader(path);
  const { spans, unindexed_spans: waiting } = await reader.info();
  reader.close();
  const ingest = await openIngest({ path });
  const began = performance.now();
  while (ingest.maintain({ all: true }));
  const indexSeconds = (performance.now() - began) / 1000;
  ingest.close();
  return { spans, waiting, indexSeconds };
}
