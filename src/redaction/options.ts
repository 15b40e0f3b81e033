/** What a program or a configuration asks to be redacted → the settings in force. */
import {
  defaultRedaction,
  type PatternName,
  personalPatterns,
  type RedactionMode,
  type RedactionSettings,
  redactionModes,
  secretPatterns,
} from "./settings.js";

export type RedactionOptions = {
  /** Besides the secrets, which are always redacted. */
  patterns?: readonly PatternName[];
  /** What they match is redacted as `[name]`, of those without a name as `[custom]`. */
  custom?: readonly RegExp[] | Readonly<Record<string, RegExp>>;
  /** Attributes and members of JSON objects whose whole value is redacted; a string is compared without regard to case. */
  keys?: readonly (string | RegExp)[];
  /** Default: mask. */
  mode?: RedactionMode;
};

export const patternNames: readonly PatternName[] = [...secretPatterns, ...personalPatterns];

/** What marks may be named: letters, digits and `_`. */
export const markName = /^[A-Za-z0-9_]{1,40}$/;

/** The secrets and these, each once. */
function withSecrets(patterns: readonly PatternName[]): PatternName[] {
  return [...new Set([...secretPatterns, ...patterns])];
}

/** Never throws: what is not understood is told in `problems`, and every pattern there is is in force then. */
export function readRedaction(options: unknown): { settings: RedactionSettings; problems: string[] } {
  const problems: string[] = [];
  const settings: RedactionSettings = { ...defaultRedaction };
  try {
    if (typeof options !== "object" || options === null) throw new TypeError("it is no object");
    const { patterns, custom, keys, mode, ...unknown } = options as Record<keyof RedactionOptions, unknown>;
    for (const name of Object.keys(unknown)) problems.push(`there is no option "${name}"`);
    settings.patterns = withSecrets(listOf("patterns", patterns, problems).filter(isPattern(problems)));
    settings.custom = readCustom(custom, problems);
    settings.keys = listOf("keys", keys, problems).flatMap((key) => readKey(key, problems));
    if (redactionModes.includes(mode as RedactionMode)) settings.mode = mode as RedactionMode;
    else if (mode !== undefined) problems.push(`mode is none of ${redactionModes.join(", ")}`);
  } catch (error) {
    problems.push((error as Error)?.message ?? "it cannot be read");
  }
  if (problems.length > 0) settings.patterns = [...patternNames];
  return { settings, problems };
}

function listOf(name: string, value: unknown, problems: string[]): unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  problems.push(`${name} is no list`);
  return [];
}

function isPattern(problems: string[]): (value: unknown) => value is PatternName {
  return (value): value is PatternName => {
    const known = patternNames.includes(value as PatternName);
    if (!known) problems.push(`there is no pattern ${JSON.stringify(value)}; there are ${patternNames.join(", ")}`);
    return known;
  };
}

function readKey(value: unknown, problems: string[]): (string | RegExp)[] {
  if (typeof value === "string" && value !== "") return [value];
  if (isRegExp(value)) return [copyOf(value)];
  problems.push("a key is neither a name nor a RegExp");
  return [];
}

function readCustom(value: unknown, problems: string[]): RedactionSettings["custom"] {
  if (value === undefined) return [];
  const isList = Array.isArray(value);
  if (!isList && (typeof value !== "object" || value === null || isRegExp(value))) {
    problems.push("custom is neither a list of RegExps nor an object of them");
    return [];
  }
  const custom: RedactionSettings["custom"] = [];
  for (const [name, pattern] of Object.entries(value as object)) {
    const mark = isList ? "custom" : name;
    if (!markName.test(mark)) problems.push(`custom: "${name}" is no name: letters, digits and _`);
    else if (!isRegExp(pattern)) problems.push(`custom: ${name} is no RegExp`);
    else custom.push({ name: mark, pattern: copyOf(pattern) });
  }
  return custom;
}

/** Also one of another realm, as test runners have them. */
function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === "[object RegExp]";
}

function copyOf({ source, flags }: RegExp): RegExp {
  return new RegExp(source, flags);
}
