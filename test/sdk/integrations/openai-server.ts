/** Speaks OpenAI's wire formats on a port of its own: JSON, and server-sent events of chat completions and Responses. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { path: string; headers: IncomingHttpHeaders; text: string; body: Record<string, unknown> };

/** Answers one request. */
export type Answer = (response: ServerResponse, received: Received) => void;

export type OpenAIServer = {
  /** ends in `/v1` */
  url: string;
  port: number;
  received: Received[];
  /** The next answers, in order; when there are none left the last one is given again. */
  reply(...answers: Answer[]): void;
  close(): Promise<void>;
};

export async function startOpenAIServer(): Promise<OpenAIServer> {
  const received: Received[] = [];
  let answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const one = { path: request.url ?? "", headers: request.headers, text, body: text ? JSON.parse(text) : {} };
    received.push(one);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    (answer ?? failing(404, "not_found"))(response, one);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    received,
    reply: (...next) => {
      answers = next;
      received.length = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export function json(body: unknown, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json", "x-request-id": "req_1", ...headers });
    response.end(JSON.stringify(body));
  };
}

export function failing(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", "x-request-id": "req_1", ...headers });
    const message = `refused with ${code}`;
    response.end(JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } }));
  };
}

/** `then`: what comes after the events; a chat stream ends with `[DONE]`, one of Responses just ends. */
export function events(all: object[], then: "done" | "end" | "cut" | "hang" = "done"): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "x-request-id": "req_1" });
    for (const event of all) {
      const { type } = event as { type?: unknown };
      response.write(`${typeof type === "string" ? `event: ${type}\n` : ""}data: ${JSON.stringify(event)}\n\n`);
    }
    if (then === "done") response.write("data: [DONE]\n\n");
    if (then === "cut") setImmediate(() => response.destroy());
    else if (then !== "hang") response.end();
  };
}

export function completion(over: object = {}) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_790_000_000,
    model: "gpt-4.1-mini-2026-04-14",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "It is sunny.", refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 60, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 0 },
    },
    service_tier: "default",
    system_fingerprint: "fp_1",
    ...over,
  };
}

/** One chunk of a chat stream; `choices`: `[delta, finish_reason]` of each choice. */
export function chunk(choices: [delta: object, finish?: string | null][], over: object = {}) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "gpt-4.1-mini-2026-04-14",
    service_tier: "default",
    system_fingerprint: "fp_1",
    choices: choices.map(([delta, finish_reason = null], index) => ({ index, delta, logprobs: null, finish_reason })),
    ...over,
  };
}

/** A chat stream that says `words`. */
export function spoken(words: string[]): object[] {
  return [
    chunk([[{ role: "assistant", content: "", refusal: null }]]),
    ...words.map((content) => chunk([[{ content }]])),
    chunk([[{}, "stop"]]),
  ];
}

export function message(text: string, over: object = {}) {
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return { type: "message", id: "msg_1", status: "completed", role: "assistant", content, ...over };
}

export function response(output: object[], over: object = {}) {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1_790_000_000,
    status: "completed",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: "gpt-5-mini-2026-02-02",
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: "low", summary: null },
    service_tier: "default",
    store: true,
    temperature: 1,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    truncation: "disabled",
    usage: {
      input_tokens: 300,
      input_tokens_details: { cached_tokens: 128 },
      output_tokens: 80,
      output_tokens_details: { reasoning_tokens: 64 },
      total_tokens: 380,
    },
    user: null,
    metadata: {},
    ...over,
  };
}

/** The events of a Responses stream that says `words` and ends with `last`; without it, it breaks off in the message. */
export function told(words: string[], last?: "completed" | "incomplete" | "failed", over: object = {}): object[] {
  const text = words.join("");
  const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
  const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
  const running = response([], { status: "in_progress", usage: null });
  const all: object[] = [
    { type: "response.created", response: running },
    { type: "response.in_progress", response: running },
    { type: "response.output_item.added", output_index: 0, item: message("", { status: "in_progress", content: [] }) },
    { type: "response.content_part.added", ...place, part },
    ...words.map((delta) => ({ type: "response.output_text.delta", ...place, delta, logprobs: [] })),
  ];
  if (last) {
    all.push(
      { type: "response.output_text.done", ...place, text, logprobs: [] },
      { type: "response.content_part.done", ...place, part: { ...part, text } },
      { type: "response.output_item.done", output_index: 0, item: message(text) },
      { type: `response.${last}`, response: response([message(text)], { status: last, ...over }) },
    );
  }
  return all.map((event, sequence_number) => ({ ...event, sequence_number }));
}
