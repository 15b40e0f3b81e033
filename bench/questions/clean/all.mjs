// Runs in which nothing is wrong, although it looks a little like it.
import { failing } from "./failing.mjs";
import { repeating } from "./repeating.mjs";
import { steady } from "./steady.mjs";
import { waiting } from "./waiting.mjs";

export const innocent = [...steady, ...repeating, ...failing, ...waiting];
