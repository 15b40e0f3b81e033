/** The tools that a model sees, in the order it sees them. */
import type { Tool } from "../tool.js";
import { getTrace } from "./get-trace.js";
import { listTraces } from "./list-traces.js";

export const tools: readonly Tool[] = [listTraces, getTrace];
