/** Tool definitions of any wire form, compared by what they say. */
import { asFields, firstString } from "../read-part.js";

export type ToolList = { names: string[]; definitions: string[]; text: string };

/** `json`: as recorded. Marks for the provider's cache are no part of what a definition says. */
export function readToolList(json: string): ToolList {
  let value: unknown = json;
  try {
    value = JSON.parse(json);
  } catch {
    // cut off by the recorder: one text
  }
  const list = Array.isArray(value) ? value : [value];
  const definitions = list.map((each) =>
    typeof each === "string"
      ? each
      : JSON.stringify(each, (key, inner) => (key === "cache_control" ? undefined : inner)),
  );
  return { names: list.map(nameOfTool), definitions, text: definitions.join("\n") };
}

function nameOfTool(value: unknown): string {
  const fields = asFields(value);
  return firstString(fields?.name, asFields(fields?.function)?.name, fields?.type) ?? "unnamed";
}

export type ToolChange = {
  added: string[];
  removed: string[];
  edited: string[];
  /** the same tools in another order */
  reordered: boolean;
};

export function compareToolLists(before: ToolList, after: ToolList): ToolChange {
  const old = new Map(before.names.map((name, i) => [name, before.definitions[i]]));
  const now = new Map(after.names.map((name, i) => [name, after.definitions[i]]));
  const change = {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    edited: [...now.keys()].filter((name) => old.has(name) && old.get(name) !== now.get(name)),
  };
  const left = before.names.filter((name) => now.has(name)).join("\n");
  return { ...change, reordered: left !== after.names.filter((name) => old.has(name)).join("\n") };
}
