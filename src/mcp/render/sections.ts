/** Several recorded texts that share one budget: small ones whole, large ones cut with the call that shows the rest. */
import { count } from "../../model/format.js";
import { charsWithin, estimateTokens } from "../../model/tokens.js";
import { indented } from "./messages.js";

export type Section = {
  title: string;
  text: string;
  /** its lines could pose as titles: they are indented when shown (offsets are those of `text` as it stands) */
  raw: boolean;
  /** how much of the budget it may claim against the others */
  weight: number;
  /** `ends`: the newest is last, so the middle is cut */
  cut: "tail" | "ends";
  /** the call that continues at a character of `text`; null = it can only be shown whole with a larger budget */
  rest: ((offset: number) => string) | null;
};

const markTokens = 60;
/** A section of this size is never cut: the mark would cost as much. With less room for each, the last are not shown. */
const smallest = 80;

const show = (section: Section, text: string) => (section.raw ? indented(text) : text);

/** Tokens of the whole section, or infinity where it is too long to be worth counting. */
function fullSize(section: Section, budget: number): number {
  if (section.text.length > budget * 12) return Number.POSITIVE_INFINITY;
  return estimateTokens(section.title) + estimateTokens(show(section, section.text)) + 2;
}

/** Shares of `budget`, one a section: what small sections leave goes to the large ones by weight. */
function share(sections: readonly Section[], budget: number): number[] {
  const sizes = sections.map((section) => fullSize(section, budget));
  const shares = sections.map(() => 0);
  let open = sections.map((_, i) => i);
  let left = budget;
  while (open.length > 0) {
    const weight = open.reduce((sum, i) => sum + (sections[i]?.weight ?? 0), 0);
    const fair = (i: number) => (left * (sections[i]?.weight ?? 0)) / weight;
    const small = open.filter((i) => (sizes[i] ?? 0) <= Math.max(fair(i), smallest));
    if (small.length === 0) {
      for (const i of open) shares[i] = fair(i);
      break;
    }
    for (const i of small) {
      shares[i] = sizes[i] ?? 0;
      left -= shares[i] ?? 0;
    }
    open = open.filter((i) => !small.includes(i));
  }
  return shares;
}

const mark = (missing: number, rest: string | undefined) =>
  `(+${count(missing)} chars${rest === undefined ? "" : `: ${rest}`})`;

/** The longest end of `text` within `budget` tokens, as the index where it begins. */
function endWithin(text: string, budget: number): number {
  let from = Math.max(0, Math.floor(text.length - budget * 8));
  for (;;) {
    const tokens = estimateTokens(text.slice(from));
    if (tokens <= budget) break;
    from += Math.max(1, Math.ceil((text.length - from) * (1 - (budget / tokens) * 0.97)));
  }
  return /[\udc00-\udfff]/.test(text[from] ?? "") ? from + 1 : from;
}

/** The longest beginning of the section's text that is shown within `budget` tokens, as the index where it ends. */
function startWithin(section: Section, budget: number): number {
  let end = charsWithin(section.text, budget);
  while (section.raw && end > 0) {
    const tokens = estimateTokens(indented(section.text.slice(0, end)));
    if (tokens <= budget) break;
    end = Math.floor(end * Math.min(0.97, budget / tokens));
  }
  return /[\ud800-\udbff]/.test(section.text[end - 1] ?? "") ? end - 1 : end;
}

function cutSection(section: Section, budget: number): string {
  const { text } = section;
  const room = budget - markTokens - estimateTokens(section.title);
  if (room < 20) return mark(text.length, section.rest?.(0));
  if (section.cut === "tail") {
    const end = startWithin(section, room);
    return `${show(section, text.slice(0, end))}\n${mark(text.length - end, section.rest?.(end))}`;
  }
  const end = startWithin(section, room * 0.3);
  const from = Math.max(end, endWithin(text, room * 0.7));
  return `${show(section, text.slice(0, end))}\n${mark(from - end, section.rest?.(end))}\n${show(section, text.slice(from))}`;
}

/** The sections under their titles, and the titles of those that were cut. */
export function renderSections(all: readonly Section[], budget: number): { text: string; cut: string[] } {
  const sections = all.slice(0, Math.max(1, Math.floor(budget / smallest)));
  const dropped = all.slice(sections.length).map((section) => section.title);
  const cut = [...dropped];
  const shares = share(sections, budget);
  const parts = sections.map((section, i) => {
    const part = shares[i] ?? 0;
    if (fullSize(section, budget) <= part + 0.5) return `${section.title}\n${show(section, section.text)}`;
    cut.push(section.title);
    return `${section.title}\n${cutSection(section, part)}`;
  });
  if (dropped.length > 0) parts.push(`(not shown: ${dropped.map((title) => title.replace("## ", "")).join(", ")})`);
  return { text: parts.join("\n"), cut };
}
