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

test("numbers are found as models and word processors set them", () => {
  const set: [PatternName, (value: string) => string][] = [
    ["phone", (value) => value.replaceAll("-", "\u2011").replaceAll(" ", "\u202f")],
    ["credit_card", (value) => value.replaceAll("-", "\u2013").replaceAll(" ", "\u00a0")],
    ["ssn", (value) => value.replaceAll("-", "\u2011")],
    ["iban", (value) => value.replaceAll(" ", "\u00a0")],
    ["credit_card", (value) => value.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0))],
  ];
  for (const [name, as] of set) {
    const missed = published[name].filter((value) => find(as(value)).filter((it) => it.name === name).length !== 1);
    expect([name, missed]).toEqual([name, []]);
  }
});

test("addresses are found with the @ of URLs, HTML and JSON", () => {
  expect(
    found("/me?to=ann%40example.com&next=%3Dbob%2Bx%40example.org, joe&#64;example.net \\u0040 joe\\u0040example.com"),
  ).toEqual([
    "email: ann%40example.com",
    "email: bob%2Bx%40example.org",
    "email: joe&#64;example.net",
    "email: joe\\u0040example.com",
  ]);
  expect(found("registry/%40types%2fnode 100%40 pkg%401.2.3")).toEqual([]);
});

test.each([
  ["a terminal's colours", (value: string) => `\u001b[01;31m\u001b[K${value}\u001b[m\u001b[K`],
  ["JSON of them", (value: string) => JSON.stringify({ text: `\u001b[1;31m${value}\u001b[0m` })],
])("%s hide nothing", (_, put) => {
  for (const name of Object.keys(published) as PatternName[])
    expect(published[name].filter((value) => find(put(value)).filter((it) => it.name === name).length !== 1)).toEqual(
      [],
    );
  expect(found(put("ann@example.com"))).toEqual(["email: ann@example.com"]);
});

test("signatures of reasoning stay, those of signed URLs go", () => {
  const random = "zl0fSUQOOy47ZBKmhun8m4a8G6YitbkjkbsesnpDtNa3PW7BJ/i7Xm8i+faOSkolEJ24G4bcL3Qo3UCMj1==";
  for (const name of ["signature", "thoughtSignature", "thought_signature"])
    expect(found(JSON.stringify({ type: "thinking", [name]: random }))).toEqual([]);
  expect(found(`https://a.s3.amazonaws.com/x?Expires=1&Signature=${random}`)).toEqual([`api_key: ${random}`]);
});
