/** A scripted model behind the wire form of OpenAI's chat completions: real HTTP, streaming, rate limits, no key. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChatMessage, ChatRequest, ChatUsage, ToolCall } from "./chat-wire.js";

export type ScriptedReply =
  | { after: number; status: number; type: string; message: string }
  | { after: number; content?: string; calls?: { name: string; arguments: unknown }[] };

/** `script`: for each `user` of the requests the replies in their order; `after`: ms until the first byte. */
export async function startModelServer(
  script: Record<string, ScriptedReply[]>,
): Promise<{ url: string; close(): void }> {
  const waiting = new Map(Object.entries(script).map(([user, replies]) => [user, [...replies]]));
  /** the prompts that were seen by model, for the cached tokens */
  const seen = new Map<string, string[]>();
  let answered = 0;

  const server = createServer(async (request, response) => {
    const asked = JSON.parse(await readBody(request)) as ChatRequest;
    const reply = waiting.get(asked.user)?.shift();
    if (!reply) return fail(response, 500, "server_error", "the script has no further reply");
    await pause(reply.after);
    if ("status" in reply) return fail(response, reply.status, reply.type, reply.message);

    const id = `chatcmpl-demo${String(++answered).padStart(4, "0")}`;
    const calls = reply.calls?.map(
      (call, index): ToolCall => ({
        id: `call_${answered}_${index + 1}`,
        type: "function",
        function: { name: call.name, arguments: JSON.stringify(call.arguments) },
      }),
    );
    const usage = countUsage(asked, reply.content ?? JSON.stringify(calls), seen);
    const message: ChatMessage = {
      role: "assistant",
      content: reply.content ?? null,
      ...(calls ? { tool_calls: calls } : {}),
    };
    const common = { id, created: Math.floor(Date.now() / 1000), model: asked.model };
    const finish_reason = calls ? "tool_calls" : "stop";
    if (asked.stream) return stream(response, common, reply.content ?? "", finish_reason, usage);
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ ...common, object: "chat.completion", choices: [{ index: 0, message, finish_reason }], usage }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}

function fail(response: ServerResponse, status: number, type: string, message: string): void {
  if (status === 429) response.setHeader("retry-after-ms", "400");
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { message, type, code: type } }));
}

/** About four characters a token; a prompt's known beginning comes from the cache in steps of 128 tokens. */
function countUsage(asked: ChatRequest, answer: string, seen: Map<string, string[]>): ChatUsage {
  const prompt = JSON.stringify([asked.tools ?? [], asked.messages]);
  const known = seen.get(asked.model) ?? [];
  const shared = Math.max(0, ...known.map((earlier) => sharedLength(earlier, prompt)));
  seen.set(asked.model, [...known, prompt]);
  const cached = Math.floor(shared / 4 / 128) * 128;
  const prompt_tokens = Math.ceil(prompt.length / 4);
  const completion_tokens = Math.ceil(answer.length / 4);
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: cached >= 256 ? cached : 0 },
  };
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

async function stream(
  response: ServerResponse,
  common: object,
  content: string,
  finish_reason: string,
  usage: ChatUsage,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (chunk: object) =>
    response.write(`data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", ...chunk })}\n\n`);
  for (const piece of content.match(/[\s\S]{1,48}/g) ?? []) {
    send({ choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] });
    await pause(12);
  }
  send({ choices: [{ index: 0, delta: {}, finish_reason }] });
  send({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}
