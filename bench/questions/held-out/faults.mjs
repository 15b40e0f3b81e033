// The held-out faults: other domains, languages, instrumentations and providers than the first set's.
import { cacheBreak, contextBlowUp } from "./prompts.mjs";
import { handOff, loop } from "./repeats.mjs";
import { swallowedError } from "./swallowed.mjs";
import { rateLimit, slowTool } from "./waits.mjs";

export const heldOutFaults = [loop, slowTool, swallowedError, cacheBreak, contextBlowUp, handOff, rateLimit];
