/** What the contexts of a run's model calls consist of, and what their parts cost. */
import * as z from "zod";
import type { Phrase } from "./phrase.js";
import { Coverage } from "./summary.js";

/** `unrecorded`: what the provider counted beyond all that was recorded. */
const origins = ["tools", "system", "user", "assistant", "reasoning", "tool_result", "media", "unrecorded"] as const;
export type Origin = (typeof origins)[number];

/**
 * read: what could be read was, or nearly; first: nothing was there yet; too_short: below what providers cache;
 * unused: nothing had been written (Anthropic caches only what is marked); broken: something in front was changed;
 * dropped: messages were taken out; expired: too long after the last call; model_changed; unexplained: the prompt
 * begins as before and yet was not read.
 */
const cacheStates = [
  "read",
  "first",
  "too_short",
  "unused",
  "broken",
  "dropped",
  "expired",
  "model_changed",
  "unexplained",
] as const;
export type CacheState = (typeof cacheStates)[number];

const tokens = z.number();
const spanId = z.string().nullable();

/** Tokens of parts are estimates that add up to the provider's total where it reported one. */
const Part = z.object({
  origin: z.enum(origins),
  label: z.string(),
  /** the execution that gave a tool's result */
  span_id: spanId,
  /** of its message in the call, from 1; null = several, or none */
  message: z.number().nullable(),
  /** parts summed up in this line */
  count: z.number(),
  tokens,
  /** of the whole, 0 to 1 */
  share: z.number(),
});

const Change = z.object({
  part: z.enum(["tools", "system", "message"]),
  /** in this call, from 1; null = no message, or it is gone */
  message: z.number().nullable(),
  label: z.string(),
  tokens_before: tokens,
  tokens_after: tokens,
  /** recorded words around the first difference; null = not one text that differs */
  before: z.string().nullable(),
  after: z.string().nullable(),
});

const Several = z.object({ messages: z.number(), tokens });

/** Against the call that it goes on from. */
const Delta = z.object({
  previous_span_id: z.string(),
  previous_agent: z.string().nullable(),
  /** as the provider reported both */
  input_tokens: tokens.nullable(),
  added: Several,
  dropped: Several,
  /** what stands in its place with other content; the first ones */
  rewritten: z.array(Change),
  rewritten_count: z.number(),
  /** none of the previous messages is sent */
  restarted: z.boolean(),
  /** the earlier messages were not sent with this call, or not recorded with it */
  held: z.boolean(),
});

const Cache = z.object({
  state: z.enum(cacheStates),
  /** what the previous call had left in the cache and this one still holds; null = unknown */
  expected_tokens: tokens.nullable(),
  lost_tokens: tokens,
  /** lost tokens at the difference of the prices; null = unknown */
  lost_usd: z.number().nullable(),
  /** what broke it */
  cause: Change.nullable(),
  against_span_id: spanId,
});

const CallContext = z.object({
  span_id: z.string(),
  conversation: z.number(),
  agent: z.string().nullable(),
  model: z.string().nullable(),
  start: z.string(),
  messages: z.number(),
  /** as the provider reported; null = not, and its parts are estimates */
  input_tokens: tokens.nullable(),
  cached_tokens: tokens.nullable(),
  cache_write_tokens: tokens.nullable(),
  cost_usd: z.number().nullable(),
  /** what is new in it, largest first */
  added_parts: z.array(Part),
  delta: Delta.nullable(),
  cache: Cache.nullable(),
});

const Carried = Part.omit({ count: true }).extend({
  /** calls that it stood in; `tokens` in the last of them, `total_tokens` in all, `resent_tokens` in all but the first */
  calls: z.number(),
  total_tokens: tokens,
  resent_tokens: tokens,
  /** at each call's average price of an input token, cached ones included; null = unknown */
  total_usd: z.number().nullable(),
  first_span_id: z.string(),
  last_span_id: z.string(),
});

export const ContextAnswer = z.object({
  trace_id: z.string(),
  /** the call asked about; null = the whole run */
  span_id: spanId,
  verdict: z.string(),
  calls_in_run: z.number(),
  conversations: z.number(),
  /** of all calls, as reported */
  input_tokens: tokens.nullable(),
  cached_tokens: tokens.nullable(),
  cost_usd: z.number().nullable(),
  /** of the call; of a run over all its calls */
  parts: z.array(Part),
  /** costliest first; `share` is that of all input of the run */
  carried: z.array(Carried),
  /** in start order */
  calls: z.array(CallContext),
  coverage: Coverage,
});

type Labelled<T extends { label: string }> = Omit<T, "label"> & { label: Phrase };
export type ContextPart = Labelled<z.infer<typeof Part>>;
export type CarriedPart = Labelled<z.infer<typeof Carried>>;
export type ContextChange = Labelled<z.infer<typeof Change>>;
export type ContextDelta = Omit<z.infer<typeof Delta>, "rewritten"> & { rewritten: ContextChange[] };
export type ContextCache = Omit<z.infer<typeof Cache>, "cause"> & { cause: ContextChange | null };
export type CallContext = Omit<z.infer<typeof CallContext>, "added_parts" | "delta" | "cache"> & {
  added_parts: ContextPart[];
  delta: ContextDelta | null;
  cache: ContextCache | null;
};
export type ContextExplanation = Omit<z.infer<typeof ContextAnswer>, "verdict" | "parts" | "carried" | "calls"> & {
  verdict: Phrase;
  parts: ContextPart[];
  carried: CarriedPart[];
  calls: CallContext[];
};
