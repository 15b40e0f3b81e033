/** Messages as providers, languages and databases write them: which tell of one fault, and which do not. */
import { describe, expect, test } from "vitest";
import { errorFingerprint, type FailedSpan } from "../../src/model/error-fingerprint.js";

const failed = (error_message: string | null, more: Partial<FailedSpan> = {}): string =>
  errorFingerprint({
    name: "execute_tool search",
    kind: "tool",
    provider: null,
    tool: "search",
    error_type: "Error",
    error_message,
    ...more,
  });

const sameFault: [string, string, string][] = [
  [
    "OpenAI: rate limit",
    "429 Rate limit reached for gpt-4o in organization org-Ab3kLm9QwErTy12345 on tokens per min (TPM): Limit 30000, Used 29512, Requested 1400. Please try again in 1.824s. Visit https://platform.openai.com/account/rate-limits to learn more.",
    "429 Rate limit reached for gpt-4o in organization org-zz81LmQwErTyPPq92 on tokens per min (TPM): Limit 30,000, Used 30,000, Requested 90. Please try again in 6m0s. Visit https://platform.openai.com/docs to learn more.",
  ],
  [
    "OpenAI: Python's dict",
    "Error code: 400 - {'error': {'message': \"This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens.\", 'type': 'invalid_request_error', 'param': 'messages', 'code': 'context_length_exceeded'}}",
    "Error code: 400 - {'error': {'message': \"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.\", 'type': 'invalid_request_error', 'param': 'messages', 'code': 'context_length_exceeded'}}",
  ],
  [
    "OpenAI: key",
    "Incorrect API key provided: sk-proj-********************************abcd. You can find your API key at https://platform.openai.com/account/api-keys.",
    "Incorrect API key provided: sk-proj-********************************z9x8. You can find your API key at https://platform.openai.com/account/api-keys.",
  ],
  [
    "Anthropic: overloaded",
    '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_011CSHoEeqs5C35K2UUqR7Fy"}',
    '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_011CTzzEeqs5C35K2UUqR7aa"}',
  ],
  [
    "Anthropic: prompt too long",
    '400 {"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210345 tokens > 200000 maximum"}}',
    '400 {"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 200001 tokens > 200000 maximum"}}',
  ],
  ["a timeout", "search did not answer within 450 ms", "search did not answer within 30 s"],
  ["a timeout in seconds", "Request timed out after 30.0 seconds", "Request timed out after 1 second"],
  ["Node: refused", "connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 10.0.12.7:5433"],
  [
    "Node: no such file",
    "ENOENT: no such file or directory, open '/tmp/a1/report.json'",
    "ENOENT: no such file or directory, open '/home/me/other place/b.json'",
  ],
  ["a file without quotes", "cannot read /var/data/run-17/input.csv", "cannot read /srv/x.csv"],
  ["a file on Windows", "cannot read C:\\data\\a.csv", "cannot read D:\\Users\\me\\b.csv"],
  [
    "Python: a traceback",
    'Traceback (most recent call last):\n  File "/app/run.py", line 12, in <module>\n    main()\nValueError: bad id 17',
    'Traceback (most recent call last):\n  File "/srv/other/run.py", line 98, in <module>\n    main()\nValueError: bad id 4711',
  ],
  ["Python: an object", "<Task object at 0x7f3a2c1b9d30> was destroyed", "<Task object at 0x10ff9a2b0> was destroyed"],
  [
    "PostgreSQL: unique",
    'duplicate key value violates unique constraint "users_email_key" DETAIL: Key (email)=(ada@example.com) already exists.',
    'duplicate key value violates unique constraint "users_email_key" DETAIL: Key (email)=(bob.b@mail.example.org) already exists.',
  ],
  ["MySQL: unique", "Duplicate entry '42' for key 'PRIMARY'", "Duplicate entry '4711-x' for key 'PRIMARY'"],
  [
    "an id",
    "order 3f2504e0-4f89-11d3-9a0c-0305e82c3301 not found",
    "order 9b2504e0-4f89-41d3-9a0c-0305e82c33ff not found",
  ],
  ["an id with letters and digits", "no session sess_8fk2k1z9q", "no session sess_00aa1b2cc"],
  ["a number", "card closed (code 14)", "card closed (code 7)"],
  ["a time", "token expired at 2026-11-10T08:00:00Z", "token expired at 2026-01-02 23:59:59.123+02:00"],
  ["a date in words", "valid until Tue, 10 Nov 2026 08:00:00 GMT", "valid until Mon, 05 Jan 2027 21:10:09 GMT"],
  ["quoted words", "the tool “find flights” is not known", "the tool “x” is not known"],
  ["a quote that was cut off", `cannot parse "${"a b ".repeat(200)}`, `cannot parse "${"other words ".repeat(80)}`],
  ["quotes within", 'bad value "a \\"b\\" c" given', 'bad value "d" given'],
  ["capitals and blanks", "Timeout  while waiting", "timeout while waiting"],
  ["the type before the message", "Error: no answer", "no answer"],
];

const differentFaults: [string, string, string][] = [
  ["HTTP status", "Request failed with status code 404", "Request failed with status code 500"],
  ["HTTP status at the beginning", "429 Too many requests", "503 Service unavailable"],
  ["HTTP status alone", "HTTP 502", "HTTP 504"],
  [
    "OpenAI: what is exceeded",
    "Error code: 429 - {'error': {'message': 'Rate limit reached for requests', 'type': 'requests', 'code': 'rate_limit_exceeded'}}",
    "Error code: 429 - {'error': {'message': 'You exceeded your current quota, please check your plan', 'type': 'insufficient_quota', 'code': 'insufficient_quota'}}",
  ],
  [
    "Anthropic: what is wrong",
    '400 {"type":"error","error":{"type":"invalid_request_error","message":"messages: roles must alternate"}}',
    '400 {"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210345 tokens > 200000 maximum"}}',
  ],
  ["Node: error code", "connect ECONNREFUSED 127.0.0.1:80", "connect ETIMEDOUT 127.0.0.1:80"],
  ["Node: host", "getaddrinfo ENOTFOUND api.example.com", "getaddrinfo EAI_AGAIN api.example.com"],
  ["Python: exception", "ValueError: bad id 17", "TypeError: bad id 17"],
  ["SQL", 'column "a" does not exist', 'relation "a" does not exist'],
  ["words", "flight search did not answer within 450 ms", "hotel search did not answer within 450 ms"],
  ["a message or none", "no answer", ""],
];

describe("failures fall together", () => {
  test.each(sameFault)("%s", (_, one, other) => expect(failed(one)).toBe(failed(other)));
});

describe("failures stay apart", () => {
  test.each(differentFaults)("%s", (_, one, other) => expect(failed(one)).not.toBe(failed(other)));

  test("by type, tool, provider and kind of work, not by the name that a span has besides", () => {
    const message = "no answer";
    expect(failed(message, { error_type: "TimeoutError" })).not.toBe(failed(message));
    expect(failed(message, { tool: "fetch" })).not.toBe(failed(message));
    const call: Partial<FailedSpan> = { kind: "llm", provider: "openai", tool: null, name: "chat gpt-4o" };
    expect(failed(message, call)).not.toBe(failed(message, { ...call, provider: "anthropic" }));
    expect(failed(message, call)).toBe(failed(message, { ...call, name: "chat gpt-4o-mini" }));
    const other: Partial<FailedSpan> = { kind: "other", tool: null };
    expect(failed(message, { ...other, name: "step 17" })).toBe(failed(message, { ...other, name: "step 18" }));
    expect(failed(message, { ...other, name: "read" })).not.toBe(failed(message, { ...other, name: "write" }));
  });
});

test("no message makes it slow or long", () => {
  const hostile = ["'", '"', "\\", "{", "a:", "1.", "'a", '{"message":"', "/", "0x", "<n>", "\u{1f600}"];
  for (const piece of hostile) {
    const print = failed(piece.repeat(100_000));
    expect(print.length).toBeLessThan(3000);
  }
});
