// The faults that are planted, with all their shapes.
import { cacheBreak } from "./cache-break.mjs";
import { contextBlowUp } from "./context-blow-up.mjs";
import { handOff } from "./hand-off.mjs";
import { loop } from "./loop.mjs";
import { rateLimit } from "./rate-limit.mjs";
import { slowTool } from "./slow-tool.mjs";
import { swallowedError } from "./swallowed-error.mjs";

export const faults = [loop, slowTool, swallowedError, cacheBreak, contextBlowUp, handOff, rateLimit];
