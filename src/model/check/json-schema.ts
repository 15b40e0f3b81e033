/** JSON Schemas of rules: what of them is taken, and how recorded text is read for them. The validator itself is passed in. */
import type { CheckRule } from "../check.js";
import { AgensightError } from "../error.js";
import { count } from "../format.js";
import { type Phrase, phrase, recorded } from "../phrase.js";
import { ruleTitle } from "./rule-title.js";

export type Schema = boolean | Record<string, unknown>;

/** What is wrong with a value; null = nothing. `path`: JSON pointer. `about`: the recorded member that it is about. */
export type Fault = { path: string; problem: string; about: string | null } | null;

/** Errors: those of a bad schema, with a message for its author. */
export type CompileSchema = (schema: Schema) => (value: unknown) => Fault;

/** `unknown`: it could not be looked at. */
export type SchemaVerdict = { fault: Phrase } | { unknown: Phrase } | null;
export type CheckText = (text: string) => SchemaVerdict;

/** Subschemas, those behind `$ref` counted each time. */
const mostSubschemas = 2000;
/** Subschemas times characters: of one value, and of all that one question looks at. */
const mostWork = 1e8;
const mostWorkInAll = 1e9;

/** One for a question, whose work it bounds. Errors: bad_argument that names the rule. */
export function openSchemas(compile: CompileSchema) {
  let spent = 0;
  return (rule: CheckRule, schema: Schema): CheckText => {
    let check: ReturnType<CompileSchema>;
    let size: number;
    try {
      size = sizeOf(schema);
      check = compile(schema);
    } catch (error) {
      throw new AgensightError("bad_argument", `rule ${ruleTitle(rule)}: its schema is wrong: ${reason(error)}.`, {
        hint: "Schemas are JSON Schema 2020-12 with $ref to their own #/$defs; patterns have no lookaround and no backreferences.",
      });
    }
    const own = ownNames(schema);
    return (text) => {
      const work = size * (text.length + 1);
      if (work > mostWork)
        return { unknown: phrase`it is too large for this schema (${count(text.length)} characters)` };
      if (spent + work > mostWorkInAll) return { unknown: phrase`too much text for one check: ask for fewer runs` };
      spent += work;
      return firstFault(text, check, own);
    };
  };
}

function firstFault(text: string, check: ReturnType<CompileSchema>, own: Set<string>): SchemaVerdict {
  let fault: Fault = null;
  try {
    for (const value of readings(text)) {
      const found = check(value);
      if (found === null) return null;
      fault ??= found;
    }
  } catch (error) {
    return { unknown: phrase`it could not be checked: ${reason(error)}` };
  }
  return fault === null ? null : { fault: inWords(fault, text, own) };
}

/** Objects and lists are what they hold; `42` or `true` may be meant as it is or as text. */
function readings(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? [value] : [value, text];
  } catch {
    return [text];
  }
}

/** Members that the schema itself names are its author's words, all others were recorded. */
function inWords({ path, problem, about }: NonNullable<Fault>, text: string, own: Set<string>): Phrase {
  const segments = path === "" ? [] : path.slice(1).split("/").map(unescapePointer);
  const place: Phrase = segments.flatMap((segment) => [
    "/",
    own.has(segment) || /^\d+$/.test(segment) ? segment : recorded(segment),
  ]);
  const value = valueAt(text, segments);
  const given = value === null ? phrase`` : phrase`: ${recorded(value)}`;
  const member = about === null ? phrase`` : phrase` (${recorded(about)})`;
  return phrase`${place.length > 0 ? phrase`${place} ` : phrase``}${problem}${member}${given}`;
}

/** What stands there, when it is short enough to be told: no list and no object. */
function valueAt(text: string, segments: readonly string[]): string | null {
  let value: unknown = readings(text)[0];
  for (const segment of segments)
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[segment] : undefined;
  if (value === undefined || (typeof value === "object" && value !== null)) return null;
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return shown.length > 2000 ? null : shown;
}

const unescapePointer = (segment: string) => segment.replaceAll("~1", "/").replaceAll("~0", "~");

function reason(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

/** Names of members anywhere in the schema. */
function ownNames(schema: Schema): Set<string> {
  const names = new Set<string>();
  const open: unknown[] = [schema];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (typeof at !== "object" || at === null) continue;
    for (const [key, value] of Object.entries(at)) {
      names.add(key);
      open.push(value);
    }
  }
  return names;
}

const namedSchemas = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const leftAlone = ["const", "enum", "default", "examples"];
const strange = ["$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$async", "$data"];

/** How many subschemas a value may meet. Errors: what is not taken. A schema that refers to itself would have no bound. */
function sizeOf(schema: Schema): number {
  const known = new Map<unknown, number>();
  const open = new Set<unknown>();
  const visit = (at: unknown, depth: number): number => {
    if (typeof at !== "object" || at === null) return 1;
    const found = known.get(at);
    if (found !== undefined) return found;
    if (open.has(at)) throw new Error("a $ref leads back to itself");
    if (depth > 100) throw new Error("it is nested too deeply");
    open.add(at);
    let size = 1;
    if (Array.isArray(at)) for (const each of at) size += visit(each, depth + 1);
    else
      for (const [key, value] of Object.entries(at)) {
        if (strange.includes(key)) throw new Error(`${key} is not taken`);
        if (leftAlone.includes(key)) continue;
        if (key === "$ref") size += visit(target(schema, value), depth + 1);
        else if (namedSchemas.includes(key) && typeof value === "object" && value !== null) {
          const inner = Object.values(value).reduce((sum: number, each) => sum + visit(each, depth + 1), 0);
          if (!key.endsWith("efs") && key !== "definitions") size += inner;
        } else size += visit(value, depth + 1);
        if (size > mostSubschemas) throw new Error("it is too large");
      }
    open.delete(at);
    known.set(at, size);
    return size;
  };
  return visit(schema, 0);
}

function target(schema: Schema, ref: unknown): unknown {
  if (typeof ref !== "string" || !/^#(\/|$)/.test(ref)) throw new Error("$ref may only lead to #/… within the schema");
  let at: unknown = schema;
  for (const segment of ref.slice(2).split("/").filter(Boolean)) {
    const key = unescapePointer(decodeURIComponent(segment));
    at =
      typeof at === "object" && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined;
  }
  if (at === undefined) throw new Error(`$ref ${ref.slice(0, 100)} leads nowhere`);
  return at;
}
