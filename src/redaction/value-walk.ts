/** Redacts every string inside of a plain value, which may also have the shapes of OTLP/JSON. */

export type ValueVisitor = {
  text(text: string, key: string | undefined): string;
  name(text: string): string;
  /** The mark in the place of the whole value under this key; undefined: its strings are looked at one by one. */
  whole(value: unknown, key: string): string | undefined;
};

const deepest = 500;
const valueNames = new Set([
  "stringValue",
  "intValue",
  "doubleValue",
  "boolValue",
  "bytesValue",
  "arrayValue",
  "kvlistValue",
]);

/** The function returns the value itself where nothing in it is redacted. A number that is redacted becomes a string. */
export function createValueWalk({ text, name, whole }: ValueVisitor) {
  /** the objects on the way to here: a value may contain itself */
  const within = new Set<unknown>();

  function walk(item: unknown, key: string | undefined): unknown {
    if (typeof item === "string") return text(item, key);
    if (item === null || item === undefined || typeof item === "function" || typeof item === "symbol") return item;
    const mark = key === undefined ? undefined : whole(item, key);
    if (typeof item === "object") {
      if (mark !== undefined) return isAnyValue(item) ? { stringValue: mark } : mark;
      if (within.has(item)) return item;
      if (within.size >= deepest) return asText(item, key);
      within.add(item);
      try {
        return walkObject(item, key);
      } finally {
        within.delete(item);
      }
    }
    if (mark !== undefined) return mark;
    if (typeof item === "boolean") return item;
    const written = String(item);
    const changed = text(written, key);
    return changed === written ? item : changed;
  }

  function walkObject(item: object, key: string | undefined): unknown {
    if (Array.isArray(item)) return eachChanged(item, (element) => walk(element, key));
    if (isAnyValue(item)) return walkAnyValue(item, key);
    if (isAttribute(item)) {
      const newKey = name(item.key);
      const value = walk(item.value, item.key);
      return newKey === item.key && value === item.value ? item : { ...item, key: newKey, value };
    }
    return walkMembers(item);
  }

  /** Too deep to be walked; its JSON can be read all the same. */
  function asText(item: object, key: string | undefined): unknown {
    const written = JSON.stringify(item);
    const changed = text(written, key);
    return changed === written ? item : isAnyValue(item) ? { stringValue: changed } : changed;
  }

  function walkAnyValue(item: object, key: string | undefined): unknown {
    const [type, value] = Object.entries(item)[0] as [string, unknown];
    if (type === "arrayValue" || type === "kvlistValue") {
      const list = value as { values?: unknown } | null;
      if (!Array.isArray(list?.values)) return item;
      const values = eachChanged(list.values, (element) => walk(element, key));
      return values === list.values ? item : { [type]: { ...list, values } };
    }
    const changed = walk(value, key);
    return changed === value ? item : { stringValue: String(changed) };
  }

  function walkMembers(item: object): unknown {
    let same = true;
    const members = Object.entries(item).map(([key, value]) => {
      const newKey = name(key);
      const newValue = walk(value, key);
      if (newKey !== key || newValue !== value) same = false;
      return [newKey, newValue] as const;
    });
    return same ? item : Object.fromEntries(members);
  }

  return walk;
}

function isAnyValue(item: unknown): boolean {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return false;
  const names = Object.keys(item);
  return names.length === 1 && valueNames.has(names[0] as string);
}

function isAttribute(item: object): item is { key: string; value: unknown } {
  return "key" in item && typeof item.key === "string" && "value" in item && isAnyValue(item.value);
}

function eachChanged(items: unknown[], change: (item: unknown) => unknown): unknown[] {
  let changed: unknown[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const next = change(items[i]);
    if (next !== items[i]) {
      changed ??= [...items];
      changed[i] = next;
    }
  }
  return changed ?? items;
}
