/** What redaction is to the rest: something that every text passes before it is compared, hashed, stored or sent. */

/** How many values were redacted, by the name of their mark: `{ email: 2 }`. */
export type RedactionCounts = Record<string, number>;

/**
 * The same text gives the same result, or repeated messages are no longer recognised; a result that passes again stays
 * as it is. Never throws.
 */
export type Redactor = {
  /** `key`: the attribute under which it stands. JSON stays JSON and keeps its form where nothing is redacted. */
  text(text: string, key?: string): string;
  /** The same for every string inside of a plain value; what nothing is redacted in is returned itself, not copied. */
  value(value: unknown, key?: string): unknown;
  /** Whether the whole value under this key is redacted, whatever it is. */
  coversKey(key: string): boolean;
  /** What was redacted since the last call. */
  take(): RedactionCounts;
};
