/** The tables of a store, version 2; published as `schemas/store.sql`. */
export const schema = `-- Agensight's store: one SQLite file. For people with an SQL client; Agensight itself creates it from this text.
-- Times are µs since the Unix epoch (\`*_us\`), with the ns remainders apart; tokens are counts; money is USD.
-- Texts that repeat (names, models, sessions …) are interned in \`string\`, and columns hold their ids.
-- Bodies (attributes, messages) lie deflated in \`block\`; \`agensight export\` writes them out as OTLP/JSON.

-- store_id, engine_family, created, seq, price_version, indexed_seq, dropped_spans, pruned_traces …
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE string (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

-- OTLP resources and scopes as JSON, each distinct one once
CREATE TABLE resource (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE, service INTEGER, version INTEGER);
CREATE TABLE scope (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE, name INTEGER NOT NULL);
-- the forms of spans: their OTLP fields, their attribute keys with types, where their messages lie
CREATE TABLE shape (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);

-- raw deflate of: number of items, their lengths (varints), then their UTF-8 bytes. Item i of block b has the content id b * 4096 + i.
CREATE TABLE block (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
-- first 16 bytes of an item's SHA-256 → its content id, for items of 512 characters and more
CREATE TABLE content_hash (hash BLOB PRIMARY KEY, content INTEGER NOT NULL) WITHOUT ROWID;
-- which traces need a block; a block that no trace needs is deleted. Negative: a row of \`log\` whose trace has not come yet
CREATE TABLE block_use (trace INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (trace, block)) WITHOUT ROWID;
CREATE INDEX block_use_block ON block_use (block);

CREATE TABLE trace (
  id INTEGER PRIMARY KEY,
  trace_id BLOB NOT NULL UNIQUE,        -- 16 bytes
  name INTEGER, service INTEGER, session INTEGER,
  start_us INTEGER NOT NULL,
  duration_us INTEGER,                  -- first start to last end; null while nothing has ended
  status INTEGER NOT NULL,              -- 0 ok, 1 error, 2 running, 3 incomplete (no root)
  span_count INTEGER NOT NULL, error_count INTEGER NOT NULL,
  llm_calls INTEGER NOT NULL,
  input_tokens INTEGER, cached_tokens INTEGER, output_tokens INTEGER,
  tokens INTEGER NOT NULL,              -- input + output, 0 when unknown
  cost_usd REAL, unpriced_calls INTEGER NOT NULL,
  facets TEXT NOT NULL,                 -- its rows in trace_facet: "facet:value,…"
  changed_us INTEGER NOT NULL,          -- wall clock of the last write
  settled INTEGER NOT NULL,             -- 1: its calls are in \`usage\`
  derived_count INTEGER NOT NULL,       -- spans at the last derivation; less than span_count: totals are behind (very large traces)
  stored_bytes INTEGER NOT NULL         -- share of the file, estimated
);
CREATE INDEX trace_start ON trace (start_us);
CREATE INDEX trace_duration ON trace (duration_us);
CREATE INDEX trace_cost ON trace (cost_usd);
CREATE INDEX trace_tokens ON trace (tokens);
CREATE INDEX trace_errors ON trace (error_count);
CREATE INDEX trace_status ON trace (status, start_us);
CREATE INDEX trace_unsettled ON trace (changed_us) WHERE settled = 0;
CREATE INDEX trace_service ON trace (service, start_us);

-- which values occur in a trace. facet: 1 service, 2 session, 3 agent, 4 model, 5 user, 6 tool, 7 provider, 8 version of the service;
-- hashes: 9 prompt, 10 path (its tools and agents in their order), 11 error (failures that did not merely pass on)
CREATE TABLE trace_facet (facet INTEGER NOT NULL, value INTEGER NOT NULL, start_us INTEGER NOT NULL, trace INTEGER NOT NULL,
  PRIMARY KEY (facet, value, start_us, trace)) WITHOUT ROWID;

CREATE TABLE session (
  id INTEGER PRIMARY KEY,               -- string.id of the session id
  first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,
  trace_count INTEGER NOT NULL, error_traces INTEGER NOT NULL, error_count INTEGER NOT NULL,
  llm_calls INTEGER NOT NULL, input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL, unpriced_calls INTEGER NOT NULL
);
CREATE INDEX session_last ON session (last_us);

CREATE TABLE span (
  id INTEGER PRIMARY KEY,
  trace INTEGER NOT NULL,
  span_id BLOB NOT NULL,                -- 8 bytes
  parent_id BLOB,
  seq INTEGER NOT NULL,                 -- the change counter's value at the last change
  state INTEGER NOT NULL,               -- 0 ended, 1 running, 2 abandoned
  name INTEGER NOT NULL,
  kind INTEGER NOT NULL,                -- 0 other, 1 llm, 2 embedding, 3 agent, 4 workflow, 5 tool, 6 retriever, 7 reranker, 8 guardrail
  start_us INTEGER NOT NULL, duration_us INTEGER,
  ns INTEGER NOT NULL,                  -- start's ns remainder + 1000 × end's
  status INTEGER NOT NULL,              -- 0 unset, 1 ok, 2 error
  resource INTEGER NOT NULL, scope INTEGER NOT NULL,
  provider INTEGER, request_model INTEGER, response_model INTEGER,
  own_agent INTEGER, agent INTEGER,     -- as the span says; as its place in the trace says
  own_session INTEGER, session INTEGER,
  user INTEGER, tool INTEGER,
  input_tokens INTEGER,                 -- including cached and cache-written
  cached_tokens INTEGER, cache_write_tokens INTEGER, output_tokens INTEGER, reasoning_tokens INTEGER,
  cost_usd REAL,                        -- null: unpriced
  counted INTEGER NOT NULL,             -- 1: its tokens and cost count, 0: it repeats what a descendant reports, or has none
  call INTEGER,                         -- the kind of call it counts as: 1 llm, 2 embedding, 5 tool; null: none
  response_hash INTEGER,                -- of the response id, to recognise two recordings of one call
  error_type INTEGER, error_message TEXT,
  first_token_us INTEGER,
  body INTEGER NOT NULL,                -- content id
  error_key INTEGER,                    -- of a failure: hash of what is the same in failures of one fault; null: it did not fail
  failure INTEGER,                      -- what became of it: 0 it ended the run, 1 recovered from, 2 open, 3 passed on from a span below
  prompt INTEGER                        -- hash of the instructions that a model call was given; null: none recorded
);
CREATE UNIQUE INDEX span_key ON span (span_id, trace);
CREATE INDEX span_trace ON span (trace, start_us);
CREATE INDEX span_seq ON span (seq);
CREATE INDEX span_error ON span (start_us, error_key, failure, trace, agent, tool, request_model, response_model, session, resource)
  WHERE error_key IS NOT NULL;

-- The input messages of a call: those of the call it continues (\`prev\`, a span id of this table), then its own (content ids, varints).
CREATE TABLE conversation (span INTEGER PRIMARY KEY, prev INTEGER, total INTEGER NOT NULL, items BLOB NOT NULL, separator TEXT);

-- message content that arrives apart from its span, as OpenTelemetry log records
CREATE TABLE log (id INTEGER PRIMARY KEY, trace_id BLOB NOT NULL, span_id BLOB NOT NULL, time_us INTEGER NOT NULL,
  resource INTEGER NOT NULL, scope INTEGER NOT NULL,
  hash BLOB NOT NULL,                   -- of the record: the same one again changes nothing
  seq INTEGER,                          -- the change of its span that it made; null: it came before its span
  messages INTEGER NOT NULL, body INTEGER NOT NULL);     -- content ids: what it says as messages; the record itself
CREATE UNIQUE INDEX log_key ON log (trace_id, span_id, hash);

-- Calls of settled traces. bucket: start of the hour or day in s since the epoch. 0 = unknown, -1 = any.
-- level 0: by hour, 1: by day, 2: by day and session, each with all other dimensions;
-- level 10: by day alone; 11 session, 12 service, 14 model, 15 agent, 16 tool: by day and that dimension, the others -1;
-- level 20–26: the same by hour, but for sessions. These are what most questions need.
CREATE TABLE usage (
  level INTEGER NOT NULL, bucket INTEGER NOT NULL,
  session INTEGER NOT NULL, service INTEGER NOT NULL, provider INTEGER NOT NULL, model INTEGER NOT NULL,
  agent INTEGER NOT NULL, tool INTEGER NOT NULL, kind INTEGER NOT NULL,
  calls INTEGER NOT NULL, errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL, unpriced_calls INTEGER NOT NULL,
  latency TEXT NOT NULL,                -- histogram: per bucket two base-36 digits, then its count in base 26 (A = 0; nothing = 1);
                                        -- bucket b holds durations of about 1.04^b µs
  PRIMARY KEY (level, bucket, session, service, provider, model, agent, tool, kind)
) WITHOUT ROWID;

CREATE TABLE retention (service INTEGER PRIMARY KEY, max_age_s INTEGER, max_bytes INTEGER);
-- what retention deleted (trace ids, and "session " + session ids): asked for, it is "pruned by retention"; sent again, it is left out
CREATE TABLE pruned (id BLOB PRIMARY KEY, pruned_us INTEGER NOT NULL) WITHOUT ROWID;
`;
