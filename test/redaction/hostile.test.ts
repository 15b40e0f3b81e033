/** No text makes the redactor slow: its work grows as the text does. */
import { expect, test } from "vitest";
import { hostileTexts } from "../../bench/hostile-texts.mjs";
import { createRedactor } from "../../src/redaction/redactor.js";
import { defaultRedaction, personalPatterns, secretPatterns } from "../../src/redaction/settings.js";

const short = 20_000;
const times = 16;
/** µs of this process: what no clock of a busy machine can tell apart from nothing */
const hardlyAny = 60_000;

/** µs of processor time; the least of two, since others are compiling and collecting garbage meanwhile. */
function work(text: string): number {
  const once = () => {
    const redactor = createRedactor(
      { ...defaultRedaction, patterns: [...secretPatterns, ...personalPatterns], keys: ["password"] },
      () => "0123456789",
    );
    const before = process.cpuUsage();
    redactor.text(text);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  return Math.min(once(), once());
}

const long = new Map(hostileTexts(short * times));

// squared work would be 256 times as much
test.each(hostileTexts(short))("%s: sixteen times the text is nowhere near 256 times the work", (name, text) => {
  const few = Math.max(work(text), 500);
  const many = work(long.get(name) as string);
  if (many > hardlyAny) expect(many / few).toBeLessThan(times * 5);
  else expect(many).toBeLessThanOrEqual(hardlyAny);
});
