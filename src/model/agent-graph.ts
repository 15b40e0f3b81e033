/** Who called whom, handed over to whom, and used which tools. */
import type { Coverage } from "./summary.js";

export type AgentGraph = { coverage: Coverage };
