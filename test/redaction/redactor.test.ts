/** What a redactor makes of texts and values. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createRedactor } from "../../src/redaction/redactor.js";
import {
  defaultRedaction,
  personalPatterns,
  type RedactionSettings,
  secretPatterns,
} from "../../src/redaction/settings.js";
import { general } from "../../src/semantics/dialects/general.js";
import { openLLMetry } from "../../src/semantics/dialects/openllmetry.js";
import { otelGenAi } from "../../src/semantics/dialects/otel-gen-ai.js";
import { vercelAi } from "../../src/semantics/dialects/vercel-ai.js";

const pseudonym = (value: string) => createHash("sha256").update(value).digest("hex").slice(0, 10);
const everything: Partial<RedactionSettings> = { patterns: [...secretPatterns, ...personalPatterns] };

function redactor(settings: Partial<RedactionSettings> = everything) {
  return createRedactor({ ...defaultRedaction, ...settings }, pseudonym);
}

const anthropicKey = `sk-ant-api03-${"aB3dE6gH9jK".repeat(8)}AA`;

test("values in prose become marks and are counted", () => {
  const { text, take } = redactor();
  expect(text(`Ask jane.doe@example.com or call +1 415 555 0132, the key is ${anthropicKey}.`)).toBe(
    "Ask [email] or call [phone], the key is [api_key].",
  );
  expect(take()).toEqual({ email: 1, phone: 1, api_key: 1 });
  expect(take()).toEqual({});
});

test("JSON stays JSON, in its own form, also inside of strings", () => {
  const { text } = redactor();
  const json = `{ "a": [4111111111111111, "b\\u0040example.com"],\n "arguments": ${JSON.stringify(JSON.stringify({ to: "c@example.com", n: 1 }))} }`;
  expect(text(json)).toBe(
    `{ "a": ["[credit_card]", "[email]"],\n "arguments": ${JSON.stringify(JSON.stringify({ to: "[email]", n: 1 }))} }`,
  );
});

test("a key hides its whole value, in attributes and in JSON", () => {
  const { text, value, take } = redactor({ keys: ["password", /^x-/] });
  expect(text("anything", "http.request.header.Password")).toBe("[password]");
  expect(text('{"password":{"a":[1,2]},"x-a":null,"b":"c"}')).toBe('{"password":"[password]","x-a":null,"b":"c"}');
  expect(value({ password: [1], b: 2 })).toEqual({ password: "[password]", b: 2 });
  expect(take()).toEqual({ password: 3 });
});

test("attributes of OTLP keep their shape", () => {
  const unchanged = [{ key: "a", value: { arrayValue: { values: [{ intValue: 5 }, { stringValue: "text" }] } } }];
  expect(redactor().value(unchanged)).toBe(unchanged);
  expect(
    redactor().value([
      { key: "user.id", value: { stringValue: "jane@example.com" } },
      { key: "card", value: { intValue: "4111111111111111" } },
      { key: "list", value: { kvlistValue: { values: [{ key: "m", value: { stringValue: "j@example.com" } }] } } },
    ]),
  ).toEqual([
    { key: "user.id", value: { stringValue: `[email:${pseudonym("jane@example.com")}]` } },
    { key: "card", value: { stringValue: "[credit_card]" } },
    { key: "list", value: { kvlistValue: { values: [{ key: "m", value: { stringValue: "[email]" } }] } } },
  ]);
});

const modes = [
  ["mask", "[email]"],
  ["pseudonym", `[email:${pseudonym("jane@example.com")}]`],
  ["drop", ""],
] as const;

test.each(modes)("mode %s", (mode, mark) => {
  const { text } = redactor({ ...everything, mode });
  expect(text("to Jane@Example.com!")).toBe(`to ${mark}!`);
  expect(text('{"to":"jane@example.com"}')).toBe(JSON.stringify({ to: mark }));
  expect(text('{"jane@example.com":1}')).toBe(JSON.stringify({ [mark]: 1 }));
  expect(redactor({ mode, keys: ["to"] }).text('{"to":["a"]}')).toMatch(
    { mask: /"\[to\]"/, pseudonym: /"\[to:[0-9a-f]{10}\]"/, drop: /""/ }[mode],
  );
});

test("one value in two spellings has one pseudonym", () => {
  const { text } = redactor({ ...everything, mode: "pseudonym" });
  const same = (a: string, b: string) => expect(text(a)).toBe(text(b));
  same("A@Example.com", "a@example.com");
  same("A%40Example.com", "a@example.com");
  same("+1 (415)\u202f555\u20110132", "+14155550132");
  same("4111 1111 1111 1111", "4111111111111111");
  same("+1 (415) 555-0132", "+14155550132");
  same("0044 20 7946 0018", "+44 (0)20 7946 0018");
  same("DE89 3704 0044 0532 0130 00", "DE89370400440532013000");
});

test.each([
  "user.id",
  "userId",
  "session.id",
  "thread_id",
  "gen_ai.conversation.id",
  "enduser.id",
  "traceloop.association.properties.session_id",
])("%s names somebody and stays apart from others in every mode", (key) => {
  for (const mode of ["mask", "drop"] as const) {
    const { text, value } = redactor({ ...everything, mode, keys: ["thread_id"] });
    const name = key === "thread_id" ? "thread_id" : "email";
    expect(text("a@example.com", key)).toBe(`[${name}:${pseudonym("a@example.com")}]`);
    expect(text(JSON.stringify({ [key]: "a@example.com" }))).toBe(
      JSON.stringify({ [key]: `[${name}:${pseudonym("a@example.com")}]` }),
    );
    expect(value({ [key]: "b@example.com" })).not.toEqual({ [key]: text("a@example.com", key) });
  }
});

test("what has been redacted is not redacted again, whatever the mode", () => {
  for (const mode of ["mask", "pseudonym", "drop"] as const) {
    const { text, take } = redactor({
      ...everything,
      mode,
      keys: ["password"],
      custom: [{ name: "any", pattern: /\w+/ }],
    });
    const marked = '["[email]","[phone:1234567890]","[any]","[credit_card:4111111111]"]';
    expect(text(marked)).toBe(marked);
    expect(text("[password:1234567890]", "password")).toBe("[password:1234567890]");
    expect(take()).toEqual({});
  }
});

test("a key's name is compared as a whole and by its last part, without regard to case", () => {
  const { text, coversKey } = redactor({ keys: ["X-Api-Key", "user.email", /secret/] });
  expect(["x-api-key", "http.header.x-api-key", "user.email", "my_secrets"].map(coversKey)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["email", "x-api-keys", "api-key"].map(coversKey)).toEqual([false, false, false]);
  expect(text("abc", "http.header.X-API-Key")).toBe("[x-api-key]");
  expect(text("", "x-api-key")).toBe("");
});

test("a name says what a bare number or word below it is", () => {
  const { text } = redactor();
  expect(text('{"phone":"4155550132","id":"4155550132","ssn":"123456789"}')).toBe(
    '{"phone":"[phone]","id":"4155550132","ssn":"[ssn]"}',
  );
  const key = "aB3dE6gH9jKlM2nO5pQrS8tU1vWx";
  expect(text(JSON.stringify({ apiKey: key, hash: key }))).toBe(JSON.stringify({ apiKey: "[api_key]", hash: key }));
  expect(text(key, "gen_ai.request.api_key")).toBe("[api_key]");
});

test("escapes hide nothing", () => {
  const { text } = redactor();
  expect(text('"a\\u0040example.com"')).toBe('"[email]"');
  expect(text('{"u":"https:\\/\\/user:pass@host.example"}')).toBe('{"u":"https://[url_credentials]@host.example"}');
  expect(text('["one\\n4111 1111 1111 1111\\ttwo"]')).toBe('["one\\n[credit_card]\\ttwo"]');
  // JSON that is none: cut off, lines, in prose
  expect(text('{"key":"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQ')).toBe('{"key":"[private_key]');
  expect(text('{"a":"x@example.com"}\n{"a":1}\n')).toBe('{"a":"[email]"}\n{"a":1}\n');
});

test("custom patterns of any flags find all of their matches and never loop", () => {
  const { text } = redactor({
    custom: [
      { name: "order", pattern: /ORD-\d+/iy },
      { name: "nothing", pattern: /x*/g },
    ],
  });
  expect(text("ord-1 and ORD-22, xx")).toBe("[order] and [order], [nothing]");
  expect(text('{"a":"ord-1"}')).toBe('{"a":"[order]"}');
  // nothing is found between the halves of a surrogate pair
  expect(redactor({ custom: [{ name: "nothing", pattern: /x*/u }] }).text("\u{1f600}xx")).toBe("\u{1f600}[nothing]");
});

test("values that contain themselves, or nothing, come back", () => {
  const { value } = redactor();
  const circle: Record<string, unknown> = { a: 1 };
  circle.self = circle;
  expect(value(circle)).toBe(circle);
  for (const item of [undefined, null, true, 1.5, "", Number.NaN, 10n, []]) expect(value(item)).toBe(item);
  expect(value(4111111111111111)).toBe("[credit_card]");
});

test("a text that was seen before is counted again", () => {
  const { text, take } = redactor();
  const long = `write to a@example.com ${"and wait ".repeat(20)}`;
  expect(text(long)).toBe(text(long));
  expect(take()).toEqual({ email: 2 });
});

test.each([
  ["prose", (json: string) => `Here: ${json} it is`],
  ["a fence", (json: string) => `\`\`\`json\n${json}\n\`\`\``],
  ["lines", (json: string) => `${json}\n${json}`],
  ["an event", (json: string) => `data: ${json}\n\n`],
  ["a cut text", (json: string) => `${json.slice(0, -1)},"x":"and then`],
  ["what Python writes", (json: string) => `{"mean":NaN,"of":${json}}`],
  ["prose with JSON in JSON", (json: string) => `Here: ${JSON.stringify({ body: json })}`],
])("a key hides its value in %s too", (_, put) => {
  const { text } = redactor({ keys: ["password", "pin"] });
  const done = put('{"user":"ann","password":"[password]","pin":"[pin]"}');
  expect(text(put('{"user":"ann","password":"a \\"b\\" c","pin":1234}'))).toBe(done);
  expect(text(done)).toBe(done);
  expect(text(put('{"password":null,"other":1234}'))).toBe(put('{"password":null,"other":1234}'));
  // cut off inside of the value
  expect(text('{"password":"a b')).toBe('{"password":"[password]');
});

const identityKeys = [general, openLLMetry, otelGenAi, vercelAi].flatMap(({ texts = [] }) =>
  texts.flatMap(([fact, keys]) => (fact === "session_id" || fact === "user_id" ? keys : [])),
);

test.each([...identityKeys, "user"])("who is named by %s stays apart from others in every mode", (key) => {
  for (const mode of ["mask", "drop", "pseudonym"] as const) {
    const { text } = redactor({ ...everything, mode });
    expect(text("jane@example.com", key)).toMatch(/^\[email:[0-9a-f]{10}\]$/);
    expect(text("jane@example.com", key)).not.toBe(text("joe@example.com", key));
    expect(text(JSON.stringify({ [key]: "jane@example.com" }))).toContain("[email:");
  }
});
