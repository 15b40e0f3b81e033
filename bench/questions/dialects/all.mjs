// How the instrumentations that made runs are recorded with write down the same steps.
import { anthropic } from "./anthropic.mjs";
import { langgraph } from "./langgraph.mjs";
import { nested } from "./nested.mjs";
import { openInference } from "./openinference.mjs";
import { openLLMetry } from "./openllmetry.mjs";
import { otel, vercel7 } from "./otel.mjs";
import { traceloop } from "./traceloop.mjs";
import { vercel } from "./vercel.mjs";

export const dialects = {
  otel,
  vercel7,
  vercel,
  openinference: openInference,
  openllmetry: openLLMetry,
  anthropic,
  langgraph,
  nested,
  traceloop,
};
