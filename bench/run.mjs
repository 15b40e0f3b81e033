// npm run bench [-- name …]: measures everything that has a target and prints one table.
// Each module exports run(): Promise<{name, value, target, unit, ok, note?}[]>; target null = told, not judged.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

const modules = [
  "import",
  "size",
  "queries",
  "tokens",
  "startup",
  "recording",
  "receive",
  "live",
  "transports",
  "redaction",
  "questions",
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !modules.includes(name));
if (unknown.length) {
  console.error(`no benchmark named ${unknown.join(", ")}; there are: ${modules.join(", ")}`);
  process.exit(2);
}

const home = mkdtempSync(join(tmpdir(), "agensight-bench-home-"));
process.env.AGENSIGHT_HOME = home;
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}\n`,
);
const rows = [];
for (const name of modules.filter((module) => !wanted.length || wanted.includes(module))) {
  process.stderr.write(`${name} …\n`);
  try {
    const { run } = await import(`./${name}.mjs`);
    const found = await run();
    rows.push(...found);
    print(found);
  } catch (error) {
    console.error(`${name} could not be measured: ${error.stack}`);
    process.exitCode = 1;
  }
}
const judged = rows.filter((row) => row.target !== null);
console.log(`\n${judged.filter((row) => row.ok).length} of ${judged.length} targets met`);

function print(found) {
  for (const { name, value, target, unit, ok, note, least } of found) {
    const verdict = target === null ? "" : ok ? "ok" : "MISSED";
    console.log(
      [
        name.padEnd(58),
        figure(value, unit).padStart(14),
        (target === null ? "" : `${least ? "≥" : "≤"} ${figure(target, unit)}`).padStart(16),
        verdict.padEnd(6),
        note ?? "",
      ]
        .join("  ")
        .trimEnd(),
    );
  }
}

function figure(value, unit) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })}${unit === "×" ? " ×" : ` ${unit}`}`;
}
