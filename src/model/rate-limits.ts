/** Which errors are limits of a provider: too many requests, no capacity, a quota used up. Pure. */

/** Anywhere in type or message. */
const limited =
  /rate[\s_-]?limit|too[\s_-]?many[\s_-]?requests|overloaded|resource[\s_-]?(?:has been )?exhausted|throttl|(?:tokens|requests) per (?:min|day|hour|second)|insufficient_quota|exceeded your (?:\w+ )?quota|quota[\s_-]?exceeded|(?:at|over|insufficient|no|out of) capacity/i;
/** A status, not a number that happens to be the same. */
const status =
  /(?:^|\b(?:status|code|http|error|got|returned|response)[\s:=_-]{0,3}(?:code[\s:=]{0,2})?)(?:429|529)\b/i;

export function isRateLimit(error: { error_type: string | null; error_message: string | null }): boolean {
  const { error_type: type, error_message: message } = error;
  if (type !== null && (limited.test(type) || /^(?:429|529)$/.test(type))) return true;
  if (message === null) return false;
  const start = message.slice(0, 1_000);
  return (limited.test(start) && !/\bdisk|storage\b/i.test(start)) || status.test(start);
}
