/** Patterns of schemas match what JavaScript's would, and cannot be made to take long. */
import { describe, expect, test } from "vitest";
import { compilePattern } from "../../src/model/check/pattern.js";
import { seeded } from "../store/seeded.js";

const patterns = [
  ..."^a ^a$ a+b a*?b (ab)+ ^(ab|cd)*$ [a-c]{2,3} ^[^a]$ \\d{3}-\\d{2} ^\\w+$ \\bab\\b \\Bb ^.{0,3}$ a|b|^$".split(" "),
  ..."^(?:a|b)?c [\\d-]+ [a\\-c]+ ^\\u0061 \\x62 ^[\\]a]+$ (a|ab)(c|bcd)$ ^(a+)+$ x{0} ^(a{2}){2}$ \\p{Lu}".split(" "),
  ...["\\s\\S", "^ab cd$", "a{2,}", "(a?b?)*c", "^[A-Z]{2}-\\d+$", "\\.", "[.]", "^\\P{Lu}*$", "()", "(|a)b"],
];

describe("a pattern of a schema", () => {
  test("matches the same texts as JavaScript's, on random ones", () => {
    const random = seeded(7);
    const pieces = ["a", "b", "c", "d", "ab", "-", "1", "23", " ", "A", "AB-12", "]", ".", "x", "ä", "😀", "\n"];
    let matched = 0;
    for (const source of patterns) {
      const ours = compilePattern(source);
      const theirs = new RegExp(source, "u");
      for (let i = 0; i < 300; i++) {
        const text = Array.from({ length: random.below(6) }, () => random.pick(pieces)).join("");
        const expected = theirs.test(text);
        if (expected) matched++;
        expect([source, text, ours.test(text)]).toEqual([source, text, expected]);
      }
    }
    expect(matched).toBeGreaterThan(2000);
  });

  test("takes no longer when it is made to", () => {
    const text = `${"a".repeat(5000)}!`;
    for (const source of ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
      expect(compilePattern(source).test(text)).toBe(false);
  });

  test.each([
    ["(?=a)", "lookaround and named groups are not understood"],
    ["(a)\\1", "backreferences are not understood"],
    ["a{1000}{1000}", "nothing to repeat"],
    ["(a{1000}){1000}", "the pattern is too large: repeat less"],
    ["((){9999}){9999}", "the pattern is too large: repeat less"],
    [`${"(".repeat(60)}a${")".repeat(60)}`, "groups are nested too deeply"],
    ["[b-a]", "a range out of order"],
    ["[a", "a class without end"],
    ["(a", "a group without end"],
    ["a)", "a ) without beginning"],
    ["*a", "nothing to repeat"],
    ["\\", "a \\ at the end"],
    ["\\p{Nothing}", "is not understood"],
  ])("%s is refused in words", (source, words) => {
    expect(() => compilePattern(source)).toThrow(words);
  });
});
