/** What a redactor makes of texts and values. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { redactAttributes } from "../../src/redaction/attributes.js";
import { createRedactor } from "../../src/redaction/redactor.js";
import {
  defaultRedaction,
  personalPatterns,
  type RedactionSettings,
  secretPatterns,
} from "../../src/redaction/settings.js";

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
  expect(redactAttributes(unchanged, redactor())).toBe(unchanged);
  expect(
    redactAttributes(
      [
        { key: "user.id", value: { stringValue: "jane@example.com" } },
        { key: "card", value: { intValue: "4111111111111111" } },
        { key: "list", value: { kvlistValue: { values: [{ key: "m", value: { stringValue: "j@example.com" } }] } } },
      ],
      redactor(),
    ),
  ).toEqual([
    { key: "user.id", value: { stringValue: `[email:${pseudonym("jane@example.com")}]` } },
    { key: "card", value: { stringValue: "[credit_card]" } },
    { key: "list", value: { kvlistValue: { values: [{ key: "m", value: { stringValue: "[email]" } }] } } },
  ]);
});
