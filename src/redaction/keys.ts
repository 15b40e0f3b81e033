/** Attributes and members that are told by their names: those whose whole value is redacted, and identities. */
import { markNameOf } from "./marks.js";
import type { RedactionSettings } from "./settings.js";

export type KeyRule = {
  /** the mark's name where the whole value is redacted */
  mark: string | undefined;
  /** names somebody or some session: always pseudonyms, or all of them would become one */
  identity: boolean;
  /** the key itself where it tells what a bare number or a random word below it is */
  hint: string | undefined;
};

/** `user` alone is the parameter of OpenAI's requests. */
const identities =
  /(?:session|user(?:[._\s-]?pseudo)?|conversation|thread|chat|customer|account|tenant)[._\s-]?(?:id|uuid|guid)$|(?:^|\.)user$/i;
const hints =
  /key|token|secret|pass|pwd|credential|auth|signature|phone|mobile|handy|telefon|telefax|tel|cell|fax|whatsapp|sms|msisdn|ssn|social|version|release|build|oid|section|chapter|clause|^ver$|^v$/i;
const mostRemembered = 2000;

export function createKeyRules(keys: RedactionSettings["keys"]): (key: string) => KeyRule {
  const names = new Map<string, string>();
  for (const key of keys) if (typeof key === "string") names.set(key.toLowerCase(), markNameOf(key));
  const patterns = keys
    .filter((key) => typeof key !== "string")
    .map((key) => new RegExp(key.source, key.flags.replace(/[gy]/g, "")));
  const remembered = new Map<string, KeyRule>();

  function ruleOf(key: string): KeyRule {
    const lower = key.toLowerCase();
    const last = lower.slice(lower.lastIndexOf(".") + 1);
    const mark =
      names.get(lower) ??
      names.get(last) ??
      (patterns.some((pattern) => pattern.test(key)) ? markNameOf(last) : undefined);
    return { mark, identity: identities.test(key), hint: hints.test(key) ? key : undefined };
  }

  return (key) => {
    let rule = remembered.get(key);
    if (!rule) {
      rule = ruleOf(key);
      if (remembered.size >= mostRemembered) remembered.clear();
      if (key.length <= 256) remembered.set(key, rule);
    }
    return rule;
  };
}
