import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { commonWords } from "../../src/model/common-words.js";
import { charsWithin, estimateTokens } from "../../src/model/tokens.js";

let seed = 0;
/** The same noise at every run. */
function noise(n: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(n / 32) }, () => createHash("sha256").update(String(seed++)).digest());
  return Buffer.concat(blocks).subarray(0, n);
}
const letters = (alphabet: string, n: number) =>
  Array.from(noise(n), (byte) => alphabet[byte % alphabet.length]).join("");
const syllable = () => letters("bcdfghklmnprstvw", 1) + letters("aeiou", 1);

const samples: Record<string, string> = {
  "English prose": readFileSync("node_modules/zod/README.md", "utf8").slice(0, 12_000),
  code: readFileSync("src/model/tokens.ts", "utf8"),
  "package JSON": readFileSync("package-lock.json", "utf8").slice(0, 20_000),
  "trace ids": Array.from({ length: 200 }, () => noise(16).toString("hex")).join("\n"),
  "span ids": Array.from({ length: 200 }, () => noise(8).toString("hex")).join(" "),
  base64: noise(4000).toString("base64"),
  times: Array.from({ length: 100 }, (_, i) => new Date(1.79e12 + i * 1_234_567).toISOString()).join("\n"),
  numbers: letters("0123456789,. ", 4000),
  "random lower case": letters("abcdefghijklmnopqrstuvwxyz ", 4000),
  "random upper case": letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 4000),
  "made-up words": Array.from({ length: 800 }, () => syllable() + syllable() + letters("lnrst", 1)).join(" "),
  punctuation: letters("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", 4000),
  German: "Beim Verarbeiten der Anfrage ist ein unerwarteter Fehler aufgetreten. ".repeat(30),
  Finnish: "Tietokantayhteyden aikakatkaisu aiheutti odottamattoman virheen järjestelmässä. ".repeat(30),
  Russian: "Ошибка при подключении к базе данных, попробуйте ещё раз позже. ".repeat(30),
  Chinese: "数据库连接超时，无法获取用户信息，请检查日志并重试。".repeat(40),
  Japanese: "エージェントがリクエストの処理中にエラーが発生しました。".repeat(40),
  Arabic: "حدث خطأ أثناء الاتصال بقاعدة البيانات ".repeat(30),
  emoji: "😀🎉🚀🔥💯👩‍👩‍👧🇩🇪".repeat(60),
  "rare characters": Array.from({ length: 500 }, (_, i) => String.fromCodePoint(0x12000 + i)).join(""),
};

describe("the estimate of tokens", () => {
  it.each(Object.entries(samples))("is never below what o200k counts for %s", (_, text) => {
    for (let i = 0; i + 500 <= text.length; i += 500) {
      // Random pieces of 500 characters scatter by a few percent; an answer is several of them.
      const piece = text.slice(i, i + 500);
      expect(estimateTokens(piece)).toBeGreaterThanOrEqual(countTokens(piece) * 0.93);
    }
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(countTokens(text));
  });

  it("stays within twice the truth for prose and code", () => {
    for (const name of ["English prose", "code", "package JSON", "trace ids"]) {
      const text = samples[name] ?? "";
      expect(estimateTokens(text) / countTokens(text)).toBeLessThan(2);
    }
  });

  it("takes for one token only words that are one", () => {
    const capital = (word: string) => (word[0] ?? "").toUpperCase() + word.slice(1);
    const longer = [...commonWords].filter((word) =>
      [word, ` ${word}`, capital(word), ` ${capital(word)}`].some((form) => countTokens(form) !== 1),
    );
    expect(longer).toEqual([]);
  });

  it("cuts a text where the budget ends", () => {
    for (const text of Object.values(samples)) {
      const end = charsWithin(text, 100);
      expect(estimateTokens(text.slice(0, end))).toBeLessThanOrEqual(101);
      expect(end).toBeGreaterThan(20);
    }
    expect(charsWithin("short", 100)).toBe(5);
  });
});
