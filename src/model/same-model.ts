/** Whether two names mean one model: asked "gpt-4o", answered "gpt-4o-2024-08-06". */

/** Vendors and regions that gateways and Bedrock put in front: "openai/gpt-4o", "us.anthropic.claude-…". */
const prefix = /^(?:.*[/:](?=[a-z])|(?:[a-z]{2,6}\.)?(?:anthropic|amazon|meta|mistral|cohere|deepseek|openai)\.)/;

/** What may follow a model's name without making it another model: a date, a revision, "latest". */
const version = /^[-@:_.]?(?:v?\d|latest|preview)/;

export function isSameModel(a: string, b: string): boolean {
  const one = a.toLowerCase().replace(prefix, "");
  const other = b.toLowerCase().replace(prefix, "");
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  return long.startsWith(short) && (long.length === short.length || version.test(long.slice(short.length)));
}
