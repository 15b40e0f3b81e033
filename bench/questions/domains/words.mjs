// Words that all domains draw from: people, places, wares, dates, sentences of reports.

const first = ["Ada", "Ben", "Chiara", "Dmitri", "Elif", "Femi", "Grace", "Hiro", "Ines", "Jonas", "Kavya", "Lars"];
const last = ["Okafor", "Silva", "Novak", "Meyer", "Tanaka", "Haddad", "Kowalski", "Lindqvist", "Moreau", "Iyer"];
export const cities = ["Lisbon", "Oslo", "Graz", "Porto", "Ghent", "Turin", "Leeds", "Nantes", "Aarhus", "Kraków"];
export const wares = ["desk lamp", "trail shoe", "espresso grinder", "rain jacket", "keyboard", "bike light", "tent"];

export const person = (random) => `${random.pick(first)} ${random.pick(last)}`;
export const day = (random) =>
  `2026-${String(random.between(9, 11)).padStart(2, "0")}-${String(random.between(10, 28))}`;
export const euros = (random, low = 12, high = 480) => Number((random.between(low * 100, high * 100) / 100).toFixed(2));

const subjects = [
  "The overnight batch",
  "Customer churn in the northern region",
  "The new checkout flow",
  "Warehouse capacity",
  "The migration to the second data centre",
  "Average handling time",
  "The supplier in Graz",
  "Return rates for shoes",
  "The pilot with forty stores",
  "Freight cost per parcel",
  "The quarterly survey",
  "Energy use at the Leeds site",
];
const verbs = [
  "rose by {n} % against the quarter before",
  "stayed flat although traffic grew by {n} %",
  "was postponed to week {w} because of missing test data",
  "fell short of the plan by {n} units",
  "was audited on {d} without objections",
  "needs {n} more working days than assumed",
  "has been reviewed by {p}, who asks for a second opinion",
  "depends on the contract that ends on {d}",
  "cost {n},400 EUR, of which a third was planned",
  "improved after {p} changed the routing rules",
];
const tails = [
  "",
  ", mostly in {c}",
  ", which the finance team confirmed",
  "; see appendix {w}",
  ", except for orders above {n} EUR",
  ", as {p} had expected",
];

/** A sentence of a report; hardly two are the same. */
export function sentence(random) {
  return `${random.pick(subjects)} ${random.pick(verbs)}${random.pick(tails)}.`.replace(/\{(\w)\}/g, (_, slot) =>
    slot === "n"
      ? random.between(3, 97)
      : slot === "w"
        ? random.between(2, 51)
        : slot === "d"
          ? day(random)
          : slot === "p"
            ? person(random)
            : random.pick(cities),
  );
}

/** About `chars` characters of a report in paragraphs. */
export function report(random, chars) {
  let out = "";
  let line = 0;
  while (out.length < chars) out += `${sentence(random)}${++line % 6 === 0 ? "\n\n" : " "}`;
  return out.trimEnd();
}
