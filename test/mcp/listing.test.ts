import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { connect } from "./client.js";

describe("tools/list", () => {
  it("names each tool with strict arguments and true annotations, for less than its share of 3,000 tokens", async () => {
    const mcp = await connect({});
    const { tools } = await mcp.client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual([
      "list_traces",
      "get_trace",
      "get_span",
      "search_spans",
      "list_sessions",
      "get_session",
      "get_usage",
      "find_errors",
      "get_agent_graph",
      "diagnose_trace",
      "compare_traces",
      "explain_context",
      "tail_spans",
      "check_trace",
    ]);
    for (const tool of tools) {
      expect(tool.annotations).toEqual({ readOnlyHint: true, idempotentHint: true, openWorldHint: false });
      expect(tool.inputSchema.additionalProperties).toBe(false);
      expect(tool.title).toBeTruthy();
      expect(tool.description).toBeTruthy();
      expect(tool.outputSchema).toBeUndefined();
      expect(JSON.stringify(tool.inputSchema)).not.toContain("9007199254740991");
    }
    expect(countTokens(JSON.stringify(tools))).toBeLessThanOrEqual(3000);
    await mcp.close();
  });

  it("takes the arguments that are promised", async () => {
    const mcp = await connect({});
    const { tools } = await mcp.client.listTools();
    const shared = "since until service session_id agent model status";
    const page = "limit cursor max_tokens format";
    const promised: Record<string, string> = {
      list_traces: `${shared} text sort min_duration_ms min_cost_usd ${page}`,
      get_trace: "trace_id span_id cursor max_tokens format",
      get_span: "span_id trace_id field offset max_tokens format",
      search_spans: `query kind ${shared} ${page}`,
      list_sessions: `${shared} user_id text ${page}`,
      get_session: `session_id user_id ${page}`,
      get_usage: `group_by ${shared} text ${page}`,
      find_errors: `${shared} text ${page}`,
      get_agent_graph: `trace_id ${shared} max_tokens format`,
      diagnose_trace: "trace_id max_tokens format",
      compare_traces: "a b group_a group_b max_tokens format",
      explain_context: "trace_id span_id cursor max_tokens format",
      tail_spans: "cursor wait_ms wait_for kind service session_id agent model status trace_id limit max_tokens format",
      check_trace: "rules trace_id since until service session_id agent model limit max_tokens format",
    };
    for (const tool of tools) {
      expect(Object.keys(tool.inputSchema.properties ?? {}).join(" ")).toBe(promised[tool.name]);
    }
    await mcp.close();
  });

  it("comes with instructions that name only tools that exist", async () => {
    const mcp = await connect({});
    const names = (await mcp.client.listTools()).tools.map((tool) => tool.name);
    const mentioned =
      mcp.client.getInstructions()?.match(/\b(?:list|get|search|tail|find|diagnose|compare|explain|check)_\w+/g) ?? [];
    expect(new Set(mentioned)).toEqual(new Set(names));
    expect(countTokens(mcp.client.getInstructions() ?? "")).toBeLessThanOrEqual(200);
    await mcp.close();
  });
});
