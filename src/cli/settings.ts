/** Where the store lies, how long it keeps, who may see what: flag, then environment, then configuration, then default. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { didYouMean } from "../mcp/suggest.js";
import { AgensightError } from "../model/error.js";
import { ageInSeconds, sizeInBytes } from "../model/quantity.js";
import { type ShownContent, shownContents } from "../model/shown-content.js";
import { patternNames, type RedactionOptions, readRedaction } from "../redaction/options.js";
import type { PatternName, RedactionSettings } from "../redaction/settings.js";
import type { EngineName } from "../store/engines/engine.js";
import type { Config } from "./config.js";
import { agensightHome } from "./home.js";

export type Settings = {
  /** `~/.agensight`, or AGENSIGHT_HOME; absolute */
  home: string;
  /** absolute path of the store's file */
  db: string;
  /** who said so, for people who wonder */
  dbFrom: "--db" | "AGENSIGHT_DB" | "configuration" | "default";
  /** AGENSIGHT_SQLITE; absent = the best one there is */
  engine?: EngineName;
  /** the configuration file in force; null = none */
  configFile: string | null;
  retention: { max_age_s?: number; max_bytes?: number };
  /** of what is written */
  redaction: RedactionSettings;
  /** null: nobody said */
  content: ShownContent | null;
  /** what whoever comes over the network must show, or is to be shown there; null = none, "auto": see knownToken */
  token: string | null;
};

type Values = {
  db?: string;
  config?: string;
  keep?: string;
  "max-size"?: string;
  redact?: string;
  content?: string;
  token?: string;
};

export async function readSettings(values: Values): Promise<Settings> {
  const home = agensightHome();
  const file = values.config ? resolve(values.config) : join(home, "config.json");
  let config: Config = {};
  const configured = values.config !== undefined || existsSync(file);
  if (configured) config = (await import("./config.js")).readConfig(file);

  return {
    home,
    ...storePath(values.db, config.db, dirname(file), home),
    ...forcedEngine(),
    configFile: configured ? file : null,
    retention: {
      ...given("max_age_s", ageInSeconds, values.keep ?? config.retention?.max_age, "--keep 30d"),
      ...given("max_bytes", sizeInBytes, values["max-size"] ?? config.retention?.max_size, "--max-size 1GB"),
    },
    redaction: redaction(values.redact, config.redaction),
    content: shownContent(values.content ?? config.content),
    token: token(values.token ?? (process.env.AGENSIGHT_TOKEN || config.token)),
  };
}

/** The flag's patterns take the place of the configuration's; the rest of it stays. */
function redaction(flag: string | undefined, configured: Config["redaction"]): RedactionSettings {
  const { patterns, keys, custom, mode } = configured ?? {};
  const compiled = Object.entries(custom ?? {}).map(([name, source]) => [name, new RegExp(source)] as const);
  const options: RedactionOptions = {
    patterns: flag === undefined ? (patterns ?? []) : flag.split(",").map(patternName),
    keys: keys ?? [],
    custom: Array.isArray(custom) ? compiled.map(([, pattern]) => pattern) : Object.fromEntries(compiled),
    mode: mode ?? "mask",
  };
  return readRedaction(options).settings;
}

function patternName(text: string): PatternName {
  const known = patternNames.find((name) => name === text.trim());
  if (known) return known;
  throw new AgensightError("bad_argument", `--redact: there is no pattern "${text}"${didYouMean(text, patternNames)}`, {
    hint: `There are ${patternNames.join(", ")}.`,
  });
}

/** Who is on this machine can read the file; whoever comes from elsewhere sees how texts begin, unless it was said. */
export function contentFor({ content }: Settings, from: "this machine" | "elsewhere"): ShownContent {
  return content ?? (from === "elsewhere" ? "preview" : "full");
}

function shownContent(name: string | undefined): ShownContent | null {
  if (name === undefined) return null;
  const known = shownContents.find((candidate) => candidate === name);
  if (known) return known;
  throw new AgensightError("bad_argument", `--content is "${name}"`, {
    hint: `It is one of ${shownContents.join(", ")}.`,
  });
}

function token(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^\S+$/.test(text)) return text;
  throw new AgensightError("bad_argument", "the token has spaces in it", {
    hint: "Give one without.",
  });
}

/** For whoever cannot make one. Errors: bad_argument where it is "auto". */
export function knownToken({ token }: Settings): string | null {
  if (token !== "auto") return token;
  throw new AgensightError("bad_argument", 'the token "auto" is for agensight serve, which makes one', {
    hint: "Give the token itself, with --token or AGENSIGHT_TOKEN.",
  });
}

const engines: readonly string[] = ["node", "libsql", "sqljs"] satisfies EngineName[];

function forcedEngine(): { engine?: EngineName } {
  const name = process.env.AGENSIGHT_SQLITE;
  if (!name) return {};
  if (engines.includes(name)) return { engine: name as EngineName };
  throw new AgensightError("bad_argument", `AGENSIGHT_SQLITE is "${name}"`, {
    hint: `It is one of ${engines.join(", ")}, or unset for the best one there is.`,
  });
}

/** What opening a store takes besides its path. */
export function engineOption({ engine }: Settings): { engine?: EngineName } {
  return engine ? { engine } : {};
}

function given<K extends string>(
  key: K,
  read: (text: string) => number | null,
  text: string | undefined,
  example: string,
): { [_ in K]?: number } {
  if (text === undefined) return {};
  const value = read(text);
  if (value === null)
    throw new AgensightError("bad_argument", `"${text}" is not understood`, { hint: `Write it as in ${example}.` });
  return { [key]: value } as { [_ in K]: number };
}

function storePath(
  flag: string | undefined,
  configured: string | undefined,
  configFolder: string,
  home: string,
): Pick<Settings, "db" | "dbFrom"> {
  if (flag) return { db: path(flag), dbFrom: "--db" };
  const environment = process.env.AGENSIGHT_DB;
  if (environment) return { db: path(environment), dbFrom: "AGENSIGHT_DB" };
  if (configured) return { db: path(configured, configFolder), dbFrom: "configuration" };
  return { db: join(home, "traces.db"), dbFrom: "default" };
}

/** Hosts start commands without a shell, so that a `~` or a `file:` can arrive as it was written. */
function path(text: string, base = process.cwd()): string {
  if (text.startsWith("~/") || text.startsWith("~\\")) return join(homedir(), text.slice(2));
  if (text === ":memory:" || text.startsWith("file:"))
    throw new AgensightError("bad_argument", `"${text}" is no path of a file`, {
      hint: "Give the path of the store's file, such as ./traces.db.",
    });
  return resolve(base, text);
}
