// The two sets of runs with known answers: the first, and one held out, made without a look at how faults are looked for.
import { innocent } from "./clean/all.mjs";
import { faults } from "./faults/all.mjs";
import { alike, pairs } from "./groups/regressions.mjs";
import { calm } from "./held-out/calm.mjs";
import { heldOutFaults } from "./held-out/faults.mjs";
import { looksFailed } from "./held-out/looks-failed.mjs";
import { looksRepeated } from "./held-out/looks-repeated.mjs";
import * as versions from "./held-out/versions.mjs";

/** `data` names the set's file, `ids` begins its ids and seeds. */
export const firstSet = {
  data: "made",
  ids: "",
  faults,
  innocent,
  dialects: ["otel", "openinference", "vercel7", "openllmetry", "vercel", "anthropic"],
  models: ["gpt-4.1", "gpt-4o", "claude-haiku-4-5"],
  pairs,
  alike,
};

export const heldOutSet = {
  data: "held-out",
  ids: "held out ",
  faults: heldOutFaults,
  innocent: [...looksFailed, ...looksRepeated, ...calm],
  dialects: [
    "langgraph",
    "otel",
    "traceloop",
    "anthropic",
    "nested",
    "vercel",
    "openinference",
    "vercel7",
    "openllmetry",
  ],
  models: ["gpt-4.1", "claude-haiku-4-5", "gpt-5-mini", "gpt-4o"],
  ...versions,
};
