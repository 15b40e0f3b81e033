// What answers cost a model: o200k tokens of the tool listing and of every tool's default answer.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { connect } from "./client.mjs";
import { atMost } from "./figures.mjs";
import { timed } from "./import.mjs";
import { wordOfRank } from "./text.mjs";
import { workload } from "./workload.mjs";

const tokens = (text) => encode(text).length;

export async function run() {
  const { path } = await workload();
  const folder = mkdtempSync(join(tmpdir(), "agensight-bench-tokens-"));
  const db = join(folder, "traces.db");
  let client;
  try {
    await timed(["dist/cli/bin.js", "import", path, "--db", db]);
    client = await connect(db);
    const listing = (await client.listTools()).map(({ name, description, inputSchema }) => ({
      name,
      description,
      inputSchema,
    }));
    const rows = [
      atMost(`tokens: listing of ${listing.length} tools`, tokens(JSON.stringify(listing)), 3000, "tokens"),
    ];
    const names = new Set(listing.map((tool) => tool.name));
    for (const [name, calls] of Object.entries(await defaultCalls(client))) {
      if (!names.has(name)) continue;
      const costs = [];
      for (const args of calls) costs.push(tokens(await client.ask(name, args)));
      rows.push(
        atMost(`tokens: ${name}`, Math.max(...costs), 2000, "tokens", `largest of ${costs.length} default answers`),
      );
    }
    return rows;
  } finally {
    await client?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Some that pass and some that fail in every run. */
const checkRules = [
  { rule: "no_errors" },
  { rule: "calls", tool: "*", max: 1 },
  { rule: "limit", of: "total_tokens", max: 1000, model: "*" },
  { rule: "schema", of: "answer", schema: { type: "string", maxLength: 10 } },
  { rule: "no_findings" },
];

/** Questions without `limit`, `max_tokens` or `format`, as a model asks them first. */
async function defaultCalls(client) {
  const { traces } = await client.askJson("list_traces", { limit: 30 });
  const { sessions } = await client.askJson("list_sessions", { limit: 10 });
  const spans = [];
  for (const { trace_id } of traces.slice(0, 5)) spans.push(...(await client.askJson("get_trace", { trace_id })).spans);
  const group_bys = ["model", "provider", "agent", "service", "session", "tool", "kind", "hour", "day"];
  const ids = traces.map(({ trace_id }) => ({ trace_id }));
  return {
    list_traces: [{}, ...["slowest", "costliest", "most_tokens", "most_errors"].map((sort) => ({ sort }))],
    get_trace: ids,
    get_span: spans.slice(0, 60).map(({ span_id }) => ({ span_id })),
    search_spans: [10, 50, 300, 3000].map((rank) => ({ query: wordOfRank(rank) })),
    list_sessions: [{}],
    get_session: sessions.map(({ session_id }) => ({ session_id })),
    get_usage: [...group_bys.map((group) => ({ group_by: [group] })), { group_by: ["session", "model", "hour"] }],
    find_errors: [{}],
    diagnose_trace: ids,
    get_agent_graph: [{}, ...ids.slice(0, 5)],
    explain_context: ids,
    compare_traces: [
      ...ids.slice(1, 6).map(({ trace_id }, i) => ({ a: traces[i].trace_id, b: trace_id })),
      { group_a: { status: "ok" }, group_b: { status: "error" } },
      { group_a: { service: "research" }, group_b: { service: "support-desk" } },
    ],
    tail_spans: [{}],
    check_trace: [{ rules: checkRules }, ...ids.slice(0, 5).map((id) => ({ ...id, rules: checkRules }))],
  };
}
