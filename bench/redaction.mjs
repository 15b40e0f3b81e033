// Redaction: how fast prompts pass, what a text that was seen before costs, and the slowest of the texts made to be slow.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { atLeast, median, told } from "./figures.mjs";
import { hostileTexts } from "./hostile-texts.mjs";
import { listing, prose, seeded } from "./text.mjs";

const rounds = 5;
const corpus = new URL("../test/fixtures/corpus/", import.meta.url);

/** [{name, value, target, unit, ok}] */
export async function run() {
  const { createRedactor } = await import("../dist/redaction/redactor.js");
  const { defaultRedaction, personalPatterns, secretPatterns } = await import("../dist/redaction/settings.js");
  const pseudonym = (value) => createHash("sha256").update(value).digest("hex").slice(0, 10);
  const secrets = () => createRedactor(defaultRedaction, pseudonym);
  const all = () =>
    createRedactor({ ...defaultRedaction, patterns: [...secretPatterns, ...personalPatterns] }, pseudonym);

  const random = seeded(5);
  const forty = (make) => Array.from({ length: 40 }, () => received(make(random, 100_000)));
  const plain = forty(prose);
  const conversations = forty(conversation);
  const personal = forty(withPeople);
  const recorded = attributeTexts();
  const hostile = hostileTexts(500_000).map(([name, text]) => [name, speed(all, [text])]);
  const [worst, slowest] = hostile.sort((a, b) => a[1] - b[1])[0];

  const secretsIn = (texts) => speed(secrets, texts);
  const allIn = (texts) => speed(all, texts);
  return [
    atLeast("redaction: secrets, prose", secretsIn(plain), 150, "MB/s"),
    atLeast("redaction: secrets, messages as JSON with code", secretsIn(conversations), 150, "MB/s"),
    atLeast("redaction: secrets, attributes of the corpus", secretsIn(recorded), 20, "MB/s"),
    atLeast("redaction: all patterns, prose", allIn(plain), 20, "MB/s"),
    atLeast("redaction: all patterns, messages as JSON with code", allIn(conversations), 20, "MB/s"),
    atLeast("redaction: all patterns, attributes of the corpus", allIn(recorded), 20, "MB/s"),
    atLeast("redaction: all patterns, a value in every 400 characters", allIn(personal), 20, "MB/s"),
    told("redaction: a text that was seen before", speedOfMemo(all(), personal), "MB/s"),
    told("redaction: all patterns, the slowest hostile text", slowest, "MB/s", worst),
  ];
}

/** Millions of characters a second of processor time, each text once by a redactor that has not seen it. */
function speed(create, texts) {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const seconds = [];
  for (let round = 0; round < rounds; round++) {
    const redactor = create();
    const began = process.cpuUsage();
    for (const text of texts) redactor.text(text);
    const { user, system } = process.cpuUsage(began);
    seconds.push((user + system) / 1e6);
  }
  return characters / 1e6 / median(seconds);
}

function speedOfMemo(redactor, texts) {
  const few = texts.slice(0, 10);
  const characters = few.reduce((sum, text) => sum + text.length, 0);
  for (const text of few) redactor.text(text);
  // other strings with the same text, since V8 keeps the hash with a string
  const again = few.map(received);
  const began = performance.now();
  for (const text of again) redactor.text(text);
  return characters / 1e6 / ((performance.now() - began) / 1000);
}

/** In one piece, as texts come out of messages and JSON; V8 reads what was put together by `+` more slowly. */
const received = (text) => Buffer.from(text).toString();

function conversation(random, length) {
  const messages = [];
  for (let size = 0; size < length; ) {
    const content = messages.length % 2 ? listing(random, 600) : prose(random, 900);
    const message = { role: messages.length % 2 ? "tool" : "user", parts: [{ type: "text", content }] };
    if (messages.length % 2) message.parts.push({ type: "tool_call", id: `call_${random.hex(24)}`, name: "read" });
    messages.push(message);
    size += content.length + 80;
  }
  return JSON.stringify(messages);
}

function withPeople(random, length) {
  const n = (low, high) => random.between(low, high);
  const kinds = [
    () => `jane.${n(1, 999)}@example.com`,
    () => `+1 415 555 01${n(10, 99)}`,
    () => `192.0.2.${n(1, 254)}`,
    () => `${n(100, 665)}-${n(10, 99)}-${n(1000, 9999)}`,
    () => "4111 1111 1111 1111",
  ];
  let text = "";
  while (text.length < length) text += `${prose(random, 380)} ${random.pick(kinds)()} `;
  return text;
}

function attributeTexts() {
  const texts = [];
  for (const file of readdirSync(corpus).filter((name) => name.endsWith(".jsonl"))) {
    for (const line of readFileSync(new URL(file, corpus), "utf8").split("\n").filter(Boolean)) {
      JSON.parse(line, (_, value) => {
        if (typeof value === "string" && value.length > 100) texts.push(value);
        return value;
      });
    }
  }
  return [...new Set(texts)];
}
