/** A span's attributes as the dialects look at them: indexed once, converted only when asked for. Never throws. */

import type { MessageSource, TextSource } from "../model/facts.js";
import {
  type AnyValue,
  type KeyValue,
  type OtlpEvent,
  type OtlpScope,
  type OtlpSpan,
  plainValue,
} from "../model/otlp.js";
import { messagesFromValue, readMessages } from "../model/read-message.js";
import { asFields, type Fields, jsonText } from "../model/read-part.js";

export type AttributeMap = Map<string, AnyValue>;

export type SpanView = {
  name: string;
  /** name of the instrumentation scope, "" where there is none */
  scope: string;
  attributes: AttributeMap;
  events: OtlpEvent[];
  /** ns, as recorded */
  start: unknown;
  /** 0 unset, 1 ok, 2 error */
  status: number;
  statusMessage: string | null;
};

export function viewSpan(span: OtlpSpan, scope: OtlpScope | undefined): SpanView {
  return {
    name: typeof span.name === "string" ? span.name : "",
    scope: typeof scope?.name === "string" ? scope.name : "",
    attributes: indexAttributes(span.attributes),
    events: Array.isArray(span.events) ? span.events : [],
    start: span.startTimeUnixNano,
    status: statusCode(span.status?.code),
    statusMessage: typeof span.status?.message === "string" && span.status.message !== "" ? span.status.message : null,
  };
}

/** Protobuf's JSON mapping allows enum names. */
function statusCode(code: unknown): number {
  return code === 2 || code === "STATUS_CODE_ERROR" || code === "2"
    ? 2
    : code === 1 || code === "STATUS_CODE_OK" || code === "1"
      ? 1
      : 0;
}

export function indexAttributes(attributes: KeyValue[] | undefined): AttributeMap {
  const map: AttributeMap = new Map();
  if (!Array.isArray(attributes)) return map;
  for (const attribute of attributes) {
    if (attribute && typeof attribute.key === "string" && attribute.value && typeof attribute.value === "object") {
      map.set(attribute.key, attribute.value);
    }
  }
  return map;
}

/** The plain JavaScript value; null where it is missing or malformed. */
export function valueAt(map: AttributeMap, key: string): unknown {
  const value = map.get(key);
  if (value === undefined) return null;
  try {
    return plainValue(value);
  } catch {
    return null;
  }
}

/** A string that is not empty, or an integer as text (ids are sometimes numbers). */
export function textAt(map: AttributeMap, key: string): string | null {
  const value = map.get(key);
  if (value === undefined) return null;
  if (typeof value.stringValue === "string") return value.stringValue === "" ? null : value.stringValue;
  if (typeof value.intValue === "number" || typeof value.intValue === "string") return String(value.intValue);
  return null;
}

/** A finite number; numeric strings count. */
export function numberAt(map: AttributeMap, key: string): number | null {
  const value = map.get(key);
  if (value === undefined) return null;
  const raw = value.intValue ?? value.doubleValue ?? value.stringValue;
  if (typeof raw !== "number" && (typeof raw !== "string" || raw.trim() === "")) return null;
  const number = Number(raw);
  return Number.isFinite(number) ? number : null;
}

/** An object out of a JSON string or a key-value list; null for anything else. */
export function fieldsAt(map: AttributeMap, key: string): Fields | null {
  const value = valueAt(map, key);
  if (typeof value !== "string") return asFields(value);
  if (!/^\s*\{/.test(value)) return null;
  try {
    return asFields(JSON.parse(value));
  } catch {
    return null;
  }
}

/** A text as it stands, or the JSON of a value that is none. */
export function textSourceAt(map: AttributeMap, key: string): TextSource | null {
  const value = map.get(key);
  if (value === undefined) return null;
  if (typeof value.stringValue === "string") return value.stringValue === "" ? null : { key };
  const plain = valueAt(map, key);
  return plain === null ? null : { text: jsonText(plain) };
}

/** Messages: a string that looks like a JSON array is not parsed; every other form is read. */
export function messageSourceAt(map: AttributeMap, key: string, role: string): MessageSource | null {
  const value = map.get(key);
  if (value === undefined) return null;
  const text = value.stringValue;
  if (typeof text === "string" && isBracketed(text)) return text.length > 2 ? { key } : null;
  return builtMessages(
    typeof text === "string" ? readMessages(text, role) : messagesFromValue(valueAt(map, key), role),
  );
}

/** null instead of an empty list. */
export function builtMessages(messages: ReturnType<typeof readMessages>): MessageSource | null {
  return messages.length > 0 ? { messages } : null;
}

function isBracketed(text: string): boolean {
  return text.charCodeAt(0) === 91 && text.charCodeAt(text.length - 1) === 93;
}

type Node = Map<string, Node | AnyValue>;

/**
 * Flattened attributes below `prefix` ("llm.input_messages.") as nested values: `a.0.b` becomes `{a: [{b}]}`.
 * Lists are sorted by number, whatever order and gaps the attributes have. null where there are none.
 */
export function unflatten(map: AttributeMap, prefix: string): unknown {
  const root: Node = new Map();
  for (const [key, value] of map)
    if (key.startsWith(prefix)) insert(root, key.slice(prefix.length).split(".", 12), value);
  return root.size === 0 ? null : plainNode(root);
}

function insert(root: Node, path: string[], value: AnyValue): void {
  let node = root;
  for (const step of path.slice(0, -1)) {
    const known = node.get(step);
    const next: Node = known instanceof Map ? known : new Map();
    if (next !== known) node.set(step, next);
    node = next;
  }
  const last = path.at(-1) ?? "";
  if (!node.has(last)) node.set(last, value);
}

function plainNode(node: Node): unknown {
  const keys = [...node.keys()];
  const isList = keys.every((key) => /^\d+$/.test(key));
  if (isList) keys.sort((a, b) => Number(a) - Number(b));
  const values = keys.map((key) => {
    const value = node.get(key);
    return value instanceof Map ? plainNode(value) : valueAt(new Map([[key, value as AnyValue]]), key);
  });
  return isList ? values : Object.fromEntries(keys.map((key, i) => [key, values[i]]));
}
