/** What redaction is to the rest: a function over every text that would be stored. */

/**
 * Applied once to each distinct text before it is compared, hashed or stored.
 * Must be pure: the same text gives the same result, or repeated messages are no longer recognised.
 */
export type Redact = (text: string) => string;
