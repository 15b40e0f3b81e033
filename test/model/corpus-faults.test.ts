import { expect, test } from "vitest";
import { plainPhrase } from "../../src/model/phrase.js";
import { corpusLines, storeOf } from "../mcp/store.js";

const kinds = [
  "error_chain",
  "retry",
  "rate_limit",
  "unfinished",
  "missing_telemetry",
  "truncated_output",
  "empty_result",
  "ignored_result",
];

// Looked at one by one in the raw files: each of these runs really failed by this, or its only answer was refused.
test("failures that 16 instrumentations recorded are found, and nothing else is above info", async () => {
  const { reader, remove } = await storeOf(corpusLines());
  try {
    const found: string[] = [];
    let [traces, failed] = [0, 0];
    for (const { trace_id, name, service, status } of (await reader.listTraces({ limit: 1_000 })).traces) {
      traces++;
      if (status === "error") failed++;
      for (const { kind, severity, summary } of (await reader.diagnoseTrace({ trace_id })).findings)
        if (severity !== "info" && kinds.includes(kind)) {
          const said = plainPhrase(summary).replace(/after [\d.]+ m?s/, "after …");
          found.push(`${service}, ${name}: ${severity} ${kind}: ${said.slice(0, 150)}`);
        }
    }
    expect(traces).toBeGreaterThan(250);
    expect(found.filter((line) => line.includes(": critical "))).toHaveLength(failed);
    expect(found.sort().join("\n")).toMatchInlineSnapshot(`
      "claude-support, Anthropic Messages: critical error_chain: a call to claude-sonnet-4-5 failed after … and ended the run through a call to claude-sonnet-4-5 as BadRequestError 400 {"type":"error","error":{"type
      claude-support, Anthropic Messages: critical error_chain: a call to claude-sonnet-4-5 failed after … and ended the run through a call to claude-sonnet-4-5 as RateLimitError 429 {"type":"error","error":{"type"
      claude-support, Anthropic Messages: warning truncated_output: a call to claude-sonnet-4-5 was withheld or refused (finish reason content_filter): it is the run's last answer.
      claude-support, anthropic.messages.create: critical error_chain: a call to claude-sonnet-4-5 failed after … and ended the run: invalid_request_error.
      claude-support, anthropic.messages.create: critical error_chain: a call to claude-sonnet-4-5 failed after … and ended the run: rate_limit_error.
      claude-support, anthropic.messages.create: warning truncated_output: a call to claude-sonnet-4-5 was withheld or refused (finish reason content_filter): it is the run's last answer.
      claude-support, chat claude-sonnet-4-5: critical error_chain: a call to claude-sonnet-4-5 failed after … and ended the run: Error 400 {"type":"error","error":{"type":"invalid_request_error","message":"messages: r
      claude-support, chat claude-sonnet-4-5: critical error_chain: a call to claude-sonnet-4-5 failed after … and ended the run: Error 429 {"type":"error","error":{"type":"rate_limit_error","message":"This request wou
      claude-support, chat claude-sonnet-4-5: warning truncated_output: a call to claude-sonnet-4-5 was withheld or refused (finish reason content_filter): it is the run's last answer.
      lc-app, chat gpt-4o-mini: critical error_chain: a call to gpt-4o-mini failed after … and ended the run: rate_limit_exceeded 429 Rate limit reached for gpt-4o-mini on tokens per min (TPM): Limit 3000
      lc-app, execute_tool DynamicStructuredTool: critical error_chain: tool DynamicStructuredTool failed after … and ended the run: Error division by zero.
      lc-app, limited_chain: critical error_chain: a call to gpt-4o-mini failed after … and ended the run through limited_chain: Error 429 Rate limit reached for gpt-4o-mini on tokens per min (TPM): Li
      lc-app, workflow RunnableSequence: critical error_chain: workflow RunnableSequence failed after … and ended the run: rate_limit_exceeded 429 Rate limit reached for gpt-4o-mini on tokens per min (TPM): Limit 
      li-app, rate_limited: critical error_chain: a call to gpt-4o-mini failed after … and ended the run through rate_limited as rate_limit_exceeded: 429 Rate limit reached for gpt-4o-mini on tokens p
      oi-app, support_workflow: critical error_chain: agent researcher failed after … and ended the run through agent supervisor → support_workflow: rate_limit_exceeded 429 Rate limit reached for gpt-4o-m
      oi-app, support_workflow: critical error_chain: tool search_docs failed after … and ended the run through vector_retriever → agent researcher → agent supervisor → support_workflow: Error index offli
      support-bot, chat gpt-4o: critical error_chain: a call to gpt-4o failed after … and ended the run: BadRequestError 400 Your request was rejected as a result of our safety system.
      support-bot, chat gpt-4o: critical error_chain: a call to gpt-4o failed after … and ended the run: RateLimitError 429 Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000. Please try a
      support-bot, chat gpt-5: critical error_chain: a call to gpt-5 failed after … and ended the run: RateLimitError 429 Rate limit reached for gpt-5.
      vercel-app, ai.generateText: critical error_chain: a call to gpt-4o failed after … and ended the run through agent limited: AI_APICallError Rate limit reached for gpt-4o on tokens per min (TPM): Limit 
      vercel-app, ai.generateText: critical error_chain: a call to gpt-4o failed after … and ended the run through agent limited: AI_APICallError Rate limit reached for gpt-4o on tokens per min (TPM): Limit 
      vercel-app, invoke_agent gpt-4o: critical error_chain: a call to gpt-4o failed after … and ended the run through step 1 → agent limited: AI_APICallError Rate limit reached for gpt-4o on tokens per min (TPM
      vercel-app, invoke_agent gpt-4o: critical error_chain: a call to gpt-4o failed after … and ended the run through step 1 → agent limited: AI_APICallError Rate limit reached for gpt-4o on tokens per min (TPM
      vercel-app, invoke_agent gpt-4o: critical error_chain: tool calc failed after … (and 1 more failure like it) and ended the run through step 1 → agent math-agent: Error division by zero."
    `);
  } finally {
    remove();
  }
});
