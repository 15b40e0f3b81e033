/** Reading of values that are a library's or a provider's: nothing of their form is taken for granted. */

export type Fields = Record<string, unknown>;

/** The value as an object to read fields from; empty for everything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
