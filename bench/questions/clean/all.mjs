// Runs in which nothing is wrong, although it looks a little like it.
import { failing } from "./failing.mjs";
import { hidden } from "./hidden.mjs";
import { looksFailed } from "./looks-failed.mjs";
import { repeating } from "./repeating.mjs";
import { sameCall } from "./same-call.mjs";
import { steady } from "./steady.mjs";
import { waiting } from "./waiting.mjs";

export const innocent = [...steady, ...repeating, ...sameCall, ...failing, ...looksFailed, ...waiting, ...hidden];
