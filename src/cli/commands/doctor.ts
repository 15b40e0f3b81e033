/** `agensight doctor`: what the store is, and what to fix. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AgensightError } from "../../model/error.js";
import type { StoreInfo } from "../../store/reader.js";
import { defineCommand, storeOptions } from "../command.js";
import { type Examined, type Finding, findings } from "../doctor/findings.js";
import { counted, formatAge, formatCount, formatSize } from "../quantity.js";
import { engineOption, readSettings, type Settings } from "../settings.js";
import { shellQuote } from "../shell.js";
import { painter, print } from "../terminal.js";
import { version } from "../version.js";

type Report = {
  version: string;
  node: string;
  db: string;
  db_from: Settings["dbFrom"];
  config: string | null;
  /** of what is received and imported; a program says for itself */
  redaction: { patterns: string[]; custom: string[]; keys: string[]; mode: string };
  store: (Omit<Examined, "info"> & StoreInfo) | null;
  findings: Finding[];
  other_stores: { path: string; last_used: string }[];
};

export const doctor = defineCommand({
  name: "doctor",
  summary: "tell what the store is, and what to fix",
  description: `
Tells the file, its engine, size and contents, checks the file, and says for each problem what to do. Names the other
stores that programs on this machine used lately. Exit code 1 when there is no usable store.`,
  options: { ...storeOptions, json: { type: "boolean", help: "the same as JSON" } },
  examples: [
    ["agensight doctor", "the default store"],
    ["agensight doctor --db ./my-traces.db --json", "another store, for programs"],
  ],
  async run(values) {
    const settings = await readSettings(values);
    const report: Report = {
      version,
      node: process.version,
      db: settings.db,
      db_from: settings.dbFrom,
      config: settings.configFile,
      redaction: redactionOf(settings),
      store: null,
      findings: [],
      other_stores: await otherStores(settings),
    };
    try {
      const examined = await examine(settings);
      const { info, ...file } = examined;
      report.store = { ...info, ...file };
      report.findings = findings(examined, shellQuote(settings.db));
    } catch (error) {
      const { message, hint } = error as AgensightError;
      report.findings = [
        {
          severity: "error",
          what: message,
          fix: hint ?? "Set AGENSIGHT_DEBUG=1 and run it again to see where it came from.",
        },
      ];
      if (process.env.AGENSIGHT_DEBUG) throw error;
    }
    print(values.json ? JSON.stringify(report, null, 2) : describe(report));
    return report.findings.some(({ severity }) => severity === "error") ? 1 : 0;
  },
});

function redactionOf({ redaction: { patterns, custom, keys, mode } }: Settings): Report["redaction"] {
  return { patterns, custom: [...new Set(custom.map(({ name }) => name))], keys: keys.map(String), mode };
}

async function otherStores({ home, db }: Settings): Promise<Report["other_stores"]> {
  const { recentStores } = await import("../../store/stores-file.js");
  return recentStores(home).filter(({ path }) => path !== db);
}

async function examine(settings: Settings): Promise<Examined> {
  const { openReader } = await import("../../store/open.js");
  const { quickCheck } = await import("../../store/quick-check.js");
  const { db } = settings;
  const reader = await openReader(db, engineOption(settings));
  try {
    const posix = process.platform !== "win32";
    return {
      info: await reader.info(),
      damage: await quickCheck(db, engineOption(settings)),
      wal_bytes: statSync(`${db}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      file_mode: posix ? statSync(db).mode & 0o777 : null,
      folder_mode: posix ? statSync(dirname(db)).mode & 0o777 : null,
      writable: isWritable(db),
    };
  } finally {
    reader.close();
  }
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function describe({ store, findings: found, other_stores, ...report }: Report): string {
  const paint = painter(process.stdout);
  const lines: [string, string][] = [
    ["store", `${report.db} (${report.db_from === "default" ? "the default" : `from ${report.db_from}`})`],
    [
      "agensight",
      `${report.version} on Node ${report.node.slice(1)}${report.config ? `, configuration ${report.config}` : ""}`,
    ],
  ];
  const { patterns, custom, keys, mode } = report.redaction;
  const under = keys.length > 0 ? `, whole values under ${keys.join(", ")}` : "";
  lines.push(["redacts", `${[...patterns, ...custom].join(", ")}${under} (${mode})`]);
  if (store) {
    const ago = (time: string | null) =>
      time === null ? "never" : `${time} (${formatAge((Date.now() - Date.parse(time)) / 1000)} ago)`;
    const wal = store.wal_bytes > 0 ? `, of it ${formatSize(store.wal_bytes)} write-ahead log` : "";
    lines.push(
      [
        "engine",
        `${store.engine} (SQLite ${store.engine_version}), format ${store.schema_version}, ${store.full_text_search ? "with" : "without"} search index`,
      ],
      ["size", `${formatSize(store.size_bytes)}${wal}`],
      [
        "holds",
        `${counted(store.spans, "span")} in ${counted(store.traces, "trace")}, ${counted(store.sessions, "session")}`,
      ],
      ["last span", ago(store.last_span)],
      ["last write", ago(store.last_write)],
      [
        "waiting",
        `${counted(store.running_spans, "running span")}, ${formatCount(store.unsettled_traces)} traces to sum up, ${formatCount(store.unindexed_spans)} spans to index`,
      ],
      [
        "lost",
        `${counted(store.dropped_spans, "span")} dropped, ${counted(store.pruned_traces, "trace")} pruned by retention`,
      ],
      ["prices", `${store.price_version ?? "none"}, ${counted(store.unpriced_calls, "call")} without a price`],
    );
    for (const { service, traces, max_age_s, max_bytes } of store.services.slice(0, 20)) {
      const limits = [
        max_age_s === null ? "" : formatAge(max_age_s),
        max_bytes === null ? "" : formatSize(max_bytes),
      ].filter(Boolean);
      lines.push([
        "service",
        `${service}: ${counted(traces, "trace")}, keeps ${limits.join(", at most ") || "everything"}`,
      ]);
    }
    lines.push(["file check", store.damage.length === 0 ? "ok" : "damaged"]);
  }
  const text = lines.map(([label, value]) => `${paint("dim", label.padEnd(11))} ${value}`);
  text.push("");
  if (found.length === 0) text.push(paint("green", "Nothing to fix."));
  for (const { severity, what, fix } of found)
    text.push(`${paint(severity === "error" ? "red" : "yellow", severity)}: ${what}\n  ${fix}`);
  if (other_stores.length > 0) {
    text.push("", "Other stores used lately:");
    for (const { path, last_used } of other_stores.slice(0, 10))
      text.push(`  --db ${shellQuote(path)}   (${last_used})`);
  }
  return text.join("\n");
}
