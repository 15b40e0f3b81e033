// Checks everything that is not a test: format, lint and layer borders, types, dead code, the package, published schemas.
// Usage: node scripts/check.mjs [name …]   Exits 1 when a check failed. CHECK_REPORT=FILE: writes {passed, failed} there.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = (path, ...args) => [process.execPath, [join("node_modules", path), ...args]];

/** name → a command, or a function that returns what is wrong (empty = nothing). */
const checks = {
  "format, lint, borders": bin(
    "@biomejs/biome/bin/biome",
    "ci",
    "--error-on-warnings",
    "--colors=off",
    "--max-diagnostics=40",
    ".",
  ),
  "types of src": bin("typescript/bin/tsc", "-p", ".", "--noEmit"),
  "types of tests": bin("typescript/bin/tsc", "-p", "test"),
  "dead code": bin("knip/bin/knip.js"),
  build: [process.execPath, ["scripts/build.mjs"]],
  schemas: existsSync("scripts/schemas.mjs") ? [process.execPath, ["scripts/schemas.mjs", "--check"]] : null,
  package: checkPackage,
};

const wanted = process.argv.slice(2);
const names = Object.keys(checks).filter((name) => checks[name] && (!wanted.length || wanted.includes(name)));
let failed = 0;
for (const name of names) {
  const started = Date.now();
  const problem = run(checks[name]);
  if (problem !== null) {
    failed++;
    console.log(`\n${problem.trimEnd()}\n`);
  }
  console.log(`${problem === null ? "ok    " : "FAILED"}  ${name}  ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
const counts = { passed: names.length - failed, failed };
console.log(`${counts.passed} of ${names.length} checks passed`);
if (process.env.CHECK_REPORT) writeFileSync(process.env.CHECK_REPORT, JSON.stringify(counts));
process.exitCode = failed || !names.length ? 1 : 0;

/** null = fine, else what it said. */
function run(check) {
  if (typeof check === "function") return check();
  const { status, stdout, stderr, error } = spawnSync(check[0], check[1], { encoding: "utf8", maxBuffer: 1 << 26 });
  return status === 0 ? null : `${stdout ?? ""}${stderr ?? ""}${error ?? ""}` || `exit code ${status}`;
}

/** Packs what would be published and checks that: its types, its entries, and that nothing is missing or too much. */
function checkPackage() {
  const folder = mkdtempSync(join(tmpdir(), "agensight-pack-"));
  try {
    const pack = spawnSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (pack.status !== 0) return pack.stderr;
    const [{ filename, files }] = [JSON.parse(pack.stdout)].flat();
    const problems = checkFiles(files.map((file) => file.path));
    const tarball = join(folder, filename);
    for (const [command, args] of [
      bin("publint/src/cli.js", "--strict", tarball),
      bin("@arethetypeswrong/cli/dist/index.js", tarball, "--profile", "esm-only"),
    ]) {
      const problem = run([command, args]);
      if (problem !== null) problems.push(problem);
    }
    return problems.length ? problems.join("\n") : null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkFiles(paths) {
  const { exports, bin: commands } = JSON.parse(readFileSync("package.json", "utf8"));
  const entries = [
    ...Object.values(commands),
    ...Object.values(exports).flatMap((e) => (typeof e === "string" ? e : Object.values(e))),
  ];
  const needed = ["README.md", "LICENSE", "CHANGELOG.md", "mcp.json", ...entries.filter((e) => !e.includes("*"))];
  const missing = needed.map((path) => path.replace(/^\.\//, "")).filter((path) => !paths.includes(path));
  const foreign = paths.filter(
    (path) => !/^(dist|schemas)\/|^(README|CHANGELOG|LICENSE)|^(package|mcp)\.json$/.test(path),
  );
  return [
    ...missing.map((path) => `not in the package: ${path}`),
    ...foreign.map((path) => `in the package, but nobody needs it: ${path}`),
  ];
}
