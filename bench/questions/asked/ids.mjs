// Ids and other words that a second call takes out of the first one's answer.

/** The first trace id (or start of one) in an answer. */
export function traceId(text) {
  return needed(/\b[0-9a-f]{32}\b/.exec(text) ?? /\b(?=[0-9a-f]*\d)[0-9a-f]{6,31}\b/.exec(text), "trace id");
}

/** The first whole span id of an answer. */
export function spanId(text) {
  return needed(/\b[0-9a-f]{16}\b/.exec(text), "span id");
}

function needed(found, what) {
  if (!found) throw new Error(`the answer names no ${what}`);
  return found[0];
}
