/** Passes every text that OTLP can hold through the redactor. What nothing is redacted in is returned itself, not copied. */
import type { AnyValue, KeyValue, OtlpSpan } from "../model/otlp.js";
import type { Redactor } from "../redaction/redact.js";

/** Ids and times of their own form hold nothing but themselves, though digits may look like a card's. */
const ownForm: Record<string, RegExp> = {
  traceId: /^[0-9a-f]{32}$/i,
  spanId: /^[0-9a-f]{16}$/i,
  parentSpanId: /^[0-9a-f]{16}$/i,
  startTimeUnixNano: /^\d{1,20}$/,
  endTimeUnixNano: /^\d{1,20}$/,
  timeUnixNano: /^\d{1,20}$/,
  observedTimeUnixNano: /^\d{1,20}$/,
};

/** Names of attributes and fields, which come again and again. */
const rememberedNames = 10_000;
const longestRemembered = 200;

export type OtlpRedactor = {
  /** `spared`: the key of an attribute that is left as it is, provided that it is a text and nothing else. */
  span(span: OtlpSpan, spared: string | null): OtlpSpan;
  /** Anything else: a resource, a scope, a log record, what stands in the place of one. */
  any<T>(part: T): T;
};

export function createOtlpRedactor(redactor: Redactor): OtlpRedactor {
  const cleanNames = new Set<string>();

  function nameOf(name: string): string {
    if (cleanNames.has(name)) return name;
    const redacted = redactor.text(name);
    if (cleanNames.size > rememberedNames) cleanNames.clear();
    if (redacted === name && name.length <= longestRemembered) cleanNames.add(name);
    return redacted;
  }

  function fields(part: object, spared: string | null): object {
    const values = part as Record<string, unknown>;
    let copy: Record<string, unknown> | null = null;
    for (const name in values) {
      const value = values[name];
      const next = field(name, value, spared);
      const nextName = nameOf(name);
      if (!copy && next === value && nextName === name) continue;
      copy ??= fieldsBefore(values, name);
      copy[nextName] = next;
    }
    return copy ?? part;
  }

  function field(name: string, value: unknown, spared: string | null): unknown {
    if (typeof value === "string") return ownForm[name]?.test(value) ? value : redactor.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (name === "body") return redactor.value(value);
    if (!Array.isArray(value)) return fields(value, null);
    return name === "attributes" ? attributes(value, spared) : list(value, (item) => field("", item, null));
  }

  function attributes(items: unknown[], spared: string | null): unknown[] {
    const kept = spared === null ? -1 : items.findIndex((item) => (item as KeyValue)?.key === spared);
    return list(items, (item, index) =>
      index === kept && isText(item as KeyValue) && nameOf(spared as string) === spared ? item : attribute(item),
    );
  }

  function attribute(item: unknown): unknown {
    const { key, value } = (item ?? {}) as KeyValue;
    if (typeof key !== "string") return redactor.value(item);
    const name = nameOf(key);
    if (isText(item as KeyValue)) {
      const text = (value as AnyValue).stringValue as string;
      const redacted = redactor.text(text, key);
      return redacted === text && name === key ? item : { key: name, value: { stringValue: redacted } };
    }
    const next = redactor.value(value, key);
    const { key: _, value: __, ...others } = item as KeyValue;
    const rest = redactor.value(others) as object;
    if (next === value && name === key && rest === others) return item;
    return { ...rest, key: name, ...(value === undefined ? {} : { value: next }) };
  }

  return {
    span: (span, spared) => fields(span, spared) as OtlpSpan,
    any: <T>(part: T) => field("", part, null) as T,
  };
}

/** A key and a text, and nothing else. */
function isText(item: KeyValue): boolean {
  return typeof item?.value?.stringValue === "string" && size(item) === 2 && size(item.value) === 1;
}

function size(fields: object): number {
  let count = 0;
  for (const _ in fields) count++;
  return count;
}

function fieldsBefore(part: Record<string, unknown>, end: string): Record<string, unknown> {
  const names = Object.keys(part);
  return Object.fromEntries(names.slice(0, names.indexOf(end)).map((name) => [name, part[name]]));
}

function list(items: unknown[], redact: (item: unknown, index: number) => unknown): unknown[] {
  let copy: unknown[] | null = null;
  for (let index = 0; index < items.length; index++) {
    const next = redact(items[index], index);
    if (next === items[index]) continue;
    copy ??= [...items];
    copy[index] = next;
  }
  return copy ?? items;
}
