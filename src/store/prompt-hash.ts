/** Hashes of the instructions that model calls are given: the same ones come again and again. */
import { promptText } from "../model/prompt-text.js";
import { readMessages, systemText } from "../model/read-message.js";
import { shortHash } from "./short-hash.js";

/** Characters of the texts that are remembered. */
const most = 4_000_000;

export type PromptHashes = {
  /** of system instructions as they were recorded */
  ofSystem(recorded: string): number | null;
  /** of the JSON of a conversation's first message; null where it gives no instructions */
  ofOpening(message: string): number | null;
};

export function openPromptHashes(): PromptHashes {
  return {
    ofSystem: memoised((recorded) => promptText(systemText(recorded), undefined)),
    ofOpening: memoised((message) =>
      // what cannot be one is not parsed
      message.includes("ystem") || message.includes("eveloper") ? promptText(null, readMessages(message)[0]) : null,
    ),
  };
}

function memoised(read: (text: string) => string | null): (text: string) => number | null {
  const known = new Map<string, number | null>();
  let held = 0;
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const made = read(text);
    const hash = made === null ? null : shortHash(made);
    held += text.length;
    if (held > most) {
      known.clear();
      held = text.length;
    }
    known.set(text, hash);
    return hash;
  };
}
