// Random draws with a seed made of words, so that a run stays the same whatever is made before it.
import { seeded } from "../../text.mjs";

/** The draws of bench/text.mjs and some more; the same words give the same stream on every machine. */
export function draws(...words) {
  let seed = 2166136261;
  for (const char of words.join("/")) seed = Math.imul(seed ^ char.codePointAt(0), 16777619) >>> 0;
  const random = seeded(seed);
  for (let i = 0; i < 4; i++) random.next();
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return {
    ...random,
    /** A latency as networks have it: half of them below `median`, a long tail above. */
    logNormal: (median, sigma = 0.25) => median * Math.exp(sigma * normal()),
    chance: (share) => random.next() < share,
    shuffled(list) {
      const out = [...list];
      for (let i = out.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [out[i], out[j]] = [out[j], out[i]];
      }
      return out;
    },
    digits: (count) => String(random.between(10 ** (count - 1), 10 ** count - 1)),
  };
}
