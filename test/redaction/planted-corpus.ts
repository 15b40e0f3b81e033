/** The corpus with a private value in every text that a person could have written. */
import { readdirSync, readFileSync } from "node:fs";
import type { LogsData, TracesData } from "../../src/model/otlp.js";
import { secret } from "./planted.js";

const folder = new URL("../fixtures/corpus/", import.meta.url);

export const corpusFiles = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

export function readCorpus(file: string): (TracesData | LogsData)[] {
  const lines = readFileSync(new URL(file, folder), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** `places`: how many values there are. */
export function plantCorpus(requests: (TracesData | LogsData)[]): {
  requests: (TracesData | LogsData)[];
  places: number;
} {
  let places = 0;
  const planted = (text: string): string => {
    // what instrumentations themselves say has no blanks; JSON in strings has texts of its own
    const inner = jsonIn(text);
    if (inner !== undefined) return JSON.stringify(plant(inner));
    return /\s/.test(text) ? `${text} ${secret(places++ % 1000)}` : text;
  };
  const plant = (value: unknown): unknown => {
    if (typeof value === "string") return planted(value);
    if (Array.isArray(value)) return value.map(plant);
    if (typeof value !== "object" || value === null) return value;
    // a name decides how its span is read
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, key === "name" ? member : plant(member)]),
    );
  };
  return { requests: plant(requests) as (TracesData | LogsData)[], places };
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
