/** Work that goes round in circles. */
import type { Detector } from "../diagnosis.js";
import { loopsOfAgents } from "./loop-of-agents.js";
import { loopsOfAnswers } from "./loop-of-answers.js";
import { loopsOfTools } from "./loop-of-tools.js";

export const detectLoops: Detector = (run) => [...loopsOfTools(run), ...loopsOfAgents(run), ...loopsOfAnswers(run)];
