/** A phrase as text for a model: names and recorded words fenced, so that they cannot pose as ours. */
import type { Phrase } from "../../model/phrase.js";
import { nameText, quoted } from "./fence.js";

/** `max`: characters of each recorded text. */
export function phraseText(parts: Phrase, max = 160): string {
  return parts
    .map((part) =>
      typeof part === "string" ? part : "name" in part ? nameText(part.name, 80) : quoted(part.text, max),
    )
    .join("");
}
