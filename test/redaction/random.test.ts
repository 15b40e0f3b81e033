/** What holds for every text: JSON stays JSON, what is redacted stays as it is, the short way gives what the long way gives. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createRedactor } from "../../src/redaction/redactor.js";
import { defaultRedaction, personalPatterns, redactionModes, secretPatterns } from "../../src/redaction/settings.js";

const pseudonym = (value: string) => createHash("sha256").update(value).digest("hex").slice(0, 10);

function mulberry(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { next, below, pick: <T>(items: readonly T[]) => items[below(items.length)] as T };
}

const values = [
  "jane@example.com",
  "+1 415 555 0132",
  "4111 1111 1111 1111",
  "4111111111111111",
  "123-45-6789",
  "192.0.2.7",
  "2001:db8::1",
  "DE89370400440532013000",
  "AKIAIOSFODNN7EXAMPLE",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEFghi123",
  "https://user:pa55word@host.example",
  "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nabc=\n-----END PRIVATE KEY-----",
  'api_key="aB3dE6gH9jKlM2nO5"',
  "Bearer aB3dE6gH9jKlM2nO5pQ",
  "phone: 4155550132",
  "4155550132",
  "aB3dE6gH9jKlM2nO5pQ",
  "1.2.3.4",
];
const noise = [
  ...' \n\t,[]()"\\ax0@:/-+.=&{}é\u00a0😀\ud83d',
  "\\n",
  "\\u0041",
  "[email]",
  "[phone:1234567890]",
  "%3D",
  "token=",
];
const names = ["a", "user.id", "apiKey", "phone", "ssn", "version", "content"];

test("6,000 random texts", () => {
  const { next, below, pick } = mulberry(11);
  const piece = () => Array.from({ length: 1 + below(7) }, () => (next() < 0.45 ? pick(values) : pick(noise))).join("");
  const tree = (depth: number): unknown => {
    const roll = next();
    if (depth > 3 || roll < 0.5) return next() < 0.2 ? JSON.stringify(tree(depth + 1)) : piece();
    if (roll < 0.6) return pick([1, 4111111111111111, true, null, -2.5]);
    if (roll < 0.8) return Array.from({ length: below(4) }, () => tree(depth + 1));
    return Object.fromEntries(
      Array.from({ length: below(4) }, () => [next() < 0.8 ? pick(names) : piece(), tree(depth + 1)]),
    );
  };
  const escaped = (text: string) =>
    text.replace(/[@:/a-f-]/g, (character) => {
      if (next() < 0.05) return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
      return character === "/" && next() < 0.3 ? "\\/" : character;
    });

  const wrong: unknown[] = [];
  for (let i = 0; i < 6_000; i++) {
    const settings = {
      ...defaultRedaction,
      mode: pick(redactionModes),
      patterns: below(5) === 0 ? [...secretPatterns] : [...secretPatterns, ...personalPatterns],
    };
    const isJson = next() < 0.6;
    let text = isJson ? JSON.stringify([tree(0)], null, below(2)) : piece();
    if (isJson && next() < 0.3) {
      const other = escaped(text);
      if (parses(other)) text = other;
    }
    const redacted = createRedactor(settings, pseudonym).text(text);
    const again = createRedactor(settings, pseudonym).text(redacted);
    // a key's rule that never holds makes it read every string of JSON
    const longWay = createRedactor({ ...settings, keys: [/^never$/] }, pseudonym).text(text);
    if (again !== redacted || longWay !== redacted || (isJson && !parses(redacted)))
      wrong.push({ text, redacted, again, longWay });
  }
  expect(wrong).toEqual([]);
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
