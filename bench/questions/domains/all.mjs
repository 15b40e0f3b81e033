// What the made agents work on.
import { analytics } from "./analytics.mjs";
import { coding } from "./coding.mjs";
import { operations } from "./operations.mjs";
import { research } from "./research.mjs";
import { support } from "./support.mjs";
import { travel } from "./travel.mjs";

export const domains = { analytics, coding, operations, research, support, travel };
