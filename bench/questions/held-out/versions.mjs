// Held out: two versions of a desk, the second with something that the first has not; and pairs that differ by chance.
import { domains } from "../domains/all.mjs";
import { report } from "../domains/words.mjs";
import { draws } from "../made/draws.mjs";

const time = { split: "time" };
const service = { split: "service" };
const agent = { split: "agent" };
const model = { split: "model" };
const rules = (domain) => `${domains[domain].system}\n\n# Rules\n${report(draws("held out rules", domain), 18_000)}`;

export const pairs = [
  {
    shape: "the cache is lost: the time was put on top of the prompt",
    ...time,
    a: { domain: "bank", model: "claude-sonnet-4-5", system: rules("bank") },
    b: { system: ({ at }) => `Stand: ${new Date(at).toISOString()}\n${rules("bank")}` },
    words: [/cache|prompt|system|cost|\$/i],
  },
  {
    shape: "a tool gives thirty times as much",
    ...service,
    a: { domain: "clinic", dialect: "langgraph", model: "gpt-4o" },
    b: { longer: { buscar_paciente: (random) => report(random, 9000) } },
    words: [/buscar_paciente|input|tokens|context/i],
  },
  {
    shape: "the model answers four times as slowly",
    ...time,
    a: { domain: "letting", dialect: "traceloop", lags: 1 },
    b: { lags: 4 },
    words: [/slow|longer|duration|latency|took|takes|\d m?s\b/i],
  },
  {
    shape: "answers are cut at the limit of tokens",
    ...time,
    a: { domain: "freight", dialect: "vercel7" },
    b: { cuts: 0.85 },
    words: [/length|cut|truncat|max_tokens|finish/i],
  },
  {
    shape: "one tool took another's place",
    ...service,
    a: { domain: "security", dialect: "nested" },
    b: { without: "lookup_ioc", also: "threat_graph" },
    words: [/lookup_ioc|threat_graph/],
  },
  {
    shape: "a new error in German",
    ...time,
    a: { domain: "bank", dialect: "openinference", model: "gemini-2.5-flash" },
    b: {
      fails: { umsaetze_suchen: [0.8, { type: "Zeitueberschreitung", message: "Kernbank antwortet nicht (30 s)" }] },
    },
    words: [/umsaetze_suchen|Zeitueberschreitung/],
  },
  {
    shape: "two look-ups got slow",
    ...agent,
    a: { domain: "clinic", agent: "recepcion", dialect: "otel" },
    b: { agent: "agenda", slow: { resultado_laboratorio: 22, huecos_libres: 22 } },
    words: [/resultado_laboratorio|huecos_libres/],
  },
  {
    shape: "throttled since the change of the model",
    ...model,
    a: { domain: "security", model: "gpt-4.1", dialect: "openllmetry" },
    b: { model: "claude-haiku-4-5", refused: 0.9 },
    words: [/429|rate.?limit/i],
  },
];

export const alike = [
  { shape: "noise, by time, German", ...time, a: { domain: "bank", dialect: "langgraph" }, b: {} },
  { shape: "noise, by service, Japanese", ...service, a: { domain: "freight", dialect: "traceloop" }, b: {} },
  {
    shape: "noise, by agent, nested",
    ...agent,
    a: { domain: "security", agent: "analyst", dialect: "nested" },
    b: { agent: "hunter" },
  },
  {
    shape: "noise, few against many",
    ...time,
    count: 5,
    countB: 26,
    a: { domain: "letting", dialect: "openinference" },
    b: {},
  },
  {
    shape: "noise, throttled and failing on both sides",
    ...time,
    a: {
      domain: "clinic",
      refused: 0.25,
      fails: { reservar_cita: [0.35, { type: "HuecoOcupado", message: "el hueco ya está ocupado" }] },
    },
    b: {},
  },
  { shape: "noise, slow model on both sides", ...service, a: { domain: "letting", lags: 5, dialect: "vercel" }, b: {} },
  {
    shape: "noise, a helper on both sides",
    ...time,
    a: { domain: "security", helper: "reporter", dialect: "anthropic", model: "claude-opus-4-5" },
    b: {},
  },
];
