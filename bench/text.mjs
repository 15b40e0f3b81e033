// Seeded text that compresses like prose: words drawn by Zipf's law from a vocabulary of 20,000 made-up words.

const vocabularySize = 20_000;

/** A random source with its draws; the same seed gives the same stream on every machine. */
export function seeded(seed) {
  let state = seed >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    pick: (list) => list[below(list.length)],
    hex: (digits) => {
      let out = "";
      while (out.length < digits) out += below(0x100000000).toString(16).padStart(8, "0");
      return out.slice(0, digits);
    },
  };
}

const { words, cumulative } = buildVocabulary();

function buildVocabulary() {
  const random = seeded(7);
  const onsets = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "st",
    "tr",
    "pl",
    "ch",
    "sh",
    "",
  ];
  const vowels = ["a", "e", "i", "o", "u", "ea", "ou", "ai"];
  const codas = ["", "", "n", "r", "s", "t", "l", "nd", "ck", "ng"];
  const seen = new Set([
    "the",
    "of",
    "and",
    "to",
    "a",
    "in",
    "is",
    "that",
    "for",
    "it",
    "with",
    "as",
    "was",
    "on",
    "be",
  ]);
  while (seen.size < vocabularySize) {
    let word = "";
    for (let i = random.between(1, seen.size < 600 ? 2 : 3); i > 0; i--)
      word += random.pick(onsets) + random.pick(vowels) + random.pick(codas);
    seen.add(word);
  }
  const sums = new Float64Array(vocabularySize);
  let sum = 0;
  for (let i = 0; i < vocabularySize; i++) {
    sum += 1 / (i + 2.7);
    sums[i] = sum;
  }
  return { words: [...seen], cumulative: sums };
}

/** One word; rank 0 is the most frequent. */
export function word(random) {
  const target = random.next() * cumulative[vocabularySize - 1];
  let low = 0;
  let high = vocabularySize - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] < target) low = middle + 1;
    else high = middle;
  }
  return words[low];
}

/** The word of a rank: 0 … 19,999, to search for common and rare ones. */
export const wordOfRank = (rank) => words[rank];

/** Sentences of about `length` characters, with figures, names and punctuation as reports have them. */
export function prose(random, length) {
  let out = "";
  let left = 0;
  while (out.length < length) {
    const first = left === 0;
    if (first) left = random.between(5, 18);
    const roll = random.next();
    let next = word(random);
    if (roll < 0.04) next = String(random.below(10_000));
    else if (roll < 0.06) next = `${word(random)}_${word(random)}`;
    else if (roll < 0.08) next = `${random.below(100)}.${random.below(100)}%`;
    out += first ? next[0].toUpperCase() + next.slice(1) : next;
    left--;
    out += left === 0 ? ". " : random.next() < 0.08 ? ", " : " ";
  }
  return out.trimEnd();
}

/** Lines as a tool prints them: a path, a line number, some code. */
export function listing(random, length) {
  let out = "";
  while (out.length < length) {
    out += `src/${word(random)}/${word(random)}.ts:${random.between(1, 900)}:  const ${word(random)} = ${word(random)}(${word(random)}, ${random.below(512)});\n`;
  }
  return out;
}
