/** What is redacted, and how. */

/** Always in force. */
export const secretPatterns = ["api_key", "jwt", "private_key", "url_credentials"] as const;
/** In force where somebody asks for them. */
export const personalPatterns = ["credit_card", "email", "phone", "ssn", "iban", "ip"] as const;

export type PatternName = (typeof secretPatterns)[number] | (typeof personalPatterns)[number];

/** mask: `[email]`; pseudonym: `[email:7f3a09c1d2]`, the same for the same value; drop: nothing is left of it. */
export const redactionModes = ["mask", "pseudonym", "drop"] as const;
export type RedactionMode = (typeof redactionModes)[number];

/** Plain data that may cross to a thread. */
export type RedactionSettings = {
  /** those that are in force, secrets included */
  patterns: PatternName[];
  /** `name` becomes the mark: letters, digits and `_` */
  custom: { name: string; pattern: RegExp }[];
  /** attributes and members of JSON objects whose whole value is redacted, whatever it is; a string is compared without regard to case */
  keys: (string | RegExp)[];
  mode: RedactionMode;
};

export const defaultRedaction: RedactionSettings = {
  patterns: [...secretPatterns],
  custom: [],
  keys: [],
  mode: "mask",
};
