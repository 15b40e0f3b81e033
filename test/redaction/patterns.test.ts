/** Every value that others have published is found, and what only looks like one is left alone. */
import { describe, expect, test } from "vitest";
import { createFinder } from "../../src/redaction/find.js";
import { type PatternName, personalPatterns, secretPatterns } from "../../src/redaction/settings.js";
import { harmless, published } from "./examples.js";

const find = createFinder({ patterns: [...secretPatterns, ...personalPatterns], custom: [] });
const found = (text: string) => find(text).map(({ name, start, end }) => `${name}: ${text.slice(start, end)}`);

/** In a sentence, in quotes, in a JSON text, and behind an escaped line end. */
const contexts: [string, (value: string) => string][] = [
  ["alone", (value) => value],
  ["in a sentence", (value) => `It is ${value}, he said.`],
  ["in JSON", (value) => JSON.stringify({ text: value })],
  ["behind an escaped line end", (value) => `first\\n${value}\\nlast`],
];

describe.each(contexts)("%s", (_, put) => {
  test.each(Object.keys(published) as PatternName[])("every published %s is found once", (name) => {
    const missed = published[name].filter((value) => find(put(value)).filter((it) => it.name === name).length !== 1);
    expect(missed).toEqual([]);
  });

  test("what only looks like a value is left alone", () => {
    expect(harmless.map(put).flatMap(found)).toEqual([]);
  });
});

test("a value is found as a whole and no more", () => {
  expect(found("Pay 4111 1111 1111 1111 123 or 3782 822463 10005 12/26, not 4111-1111-1111-1111-22")).toEqual([
    "credit_card: 4111 1111 1111 1111",
    "credit_card: 3782 822463 10005",
  ]);
  expect(found("ask (a@example.com), <b@example.org>; call +1 415 555 0132 2 times")).toEqual([
    "email: a@example.com",
    "email: b@example.org",
    "phone: +1 415 555 0132",
  ]);
  expect(found("postgres://u:p@ss@db.example.com/x and ftp://10.0.0.1:21")).toEqual([
    "url_credentials: u:p@ss",
    "ip: 10.0.0.1",
  ]);
  expect(found(published.private_key.join("\n"))).toHaveLength(published.private_key.length);
});

test("addresses of nobody are no addresses: unspecified, loopback, broadcast, netmasks", () => {
  expect(found("0.0.0.0 127.0.0.1 127.1.2.3 255.255.255.255 255.255.0.0 :: ::1")).toEqual([]);
});
