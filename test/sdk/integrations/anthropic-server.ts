/** A local server that speaks the wire format of Anthropic's Messages API, JSON and server-sent events. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { method: string; path: string; headers: string[]; body: string };
type Reply = (response: ServerResponse, request: Received) => void | Promise<void>;
type Json = Record<string, unknown>;

/** Answers each request with the next of the replies it was given; without one, with a short message. */
export async function startAnthropicServer() {
  const requests: Received[] = [];
  const replies: Reply[] = [];
  const gone: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const received = await read(request);
    requests.push(received);
    response.on("close", () => gone.splice(0).forEach((tell) => void tell()));
    await (replies.shift() ?? ((out, { body }) => json(message(JSON.parse(body).model))(out, received)))(
      response,
      received,
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    port: (server.address() as AddressInfo).port,
    /** in the order in which they came */
    requests,
    reply: (...next: Reply[]) => void replies.push(...next),
    /** Takes back the replies that no request came for: one that is aborted early is never sent. */
    forgetReplies: () => void replies.splice(0),
    /** The connection of the next response that ends, by either side. */
    connectionEnd: () => new Promise<void>((resolve) => gone.push(resolve)),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.rawHeaders,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

/** A message as the API sends it; `input_tokens` leaves the cache out. */
export function message(model = "claude-sonnet-5-5", fields: Json = {}): Json {
  return {
    id: "msg_01XFDUDYJgAACzvnptvVoYEL",
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text: "It rains in Oslo.", citations: null }],
    container: null,
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: 12,
      cache_creation_input_tokens: 30,
      cache_read_input_tokens: 400,
      cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 0 },
      output_tokens: 7,
      server_tool_use: null,
      service_tier: "standard",
    },
    ...fields,
  };
}

export function toolUse(id: string, name: string, input: unknown): Json {
  return { type: "tool_use", id, name, input };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, {
      "content-type": "application/json",
      "request-id": "req_018EeWyXxfu5pfWkrYcMdjWG",
      ...headers,
    });
    response.end(JSON.stringify(body));
  };
}

/** An error as the API sends it: 529 is `overloaded_error`. `retry` in ms. */
export function failure(status: number, type: string, text = type, retry = 1): Reply {
  return json({ type: "error", error: { type, message: text }, request_id: "req_1" }, status, {
    "retry-after-ms": String(retry),
  });
}

/** Answers nothing until the client goes. */
export function silence(): Reply {
  return () => {};
}

/** `then`: what comes after the last event: the end, an error event, a cut connection, or nothing at all. */
export function stream(
  events: Json[],
  then: "end" | "cut" | "hang" | { type: string; message: string } = "end",
): Reply {
  return (response) => {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "request-id": "req_018EeWyXxfu5pfWkrYcMdjWG",
    });
    for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (then === "end") response.end();
    else if (typeof then === "object")
      response.end(`event: error\ndata: ${JSON.stringify({ type: "error", error: then })}\n\n`);
    // the events have to be out before the line goes dead
    else if (then === "cut") setTimeout(() => response.destroy(), 20);
  };
}

/** The events of a streamed message, as the API would cut it up. */
export function events(sent: Json): Json[] {
  const { content, stop_reason, stop_sequence, usage, ...head } = sent as Json & { content: Json[]; usage: Json };
  return [
    {
      type: "message_start",
      message: {
        ...head,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, output_tokens: 1 },
      },
    },
    ...content.flatMap((block, index) => [
      { type: "content_block_start", index, content_block: opening(block) },
      ...(index === 0 ? [{ type: "ping" }] : []),
      ...deltas(block).map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta: { stop_reason, stop_sequence }, usage: { output_tokens: usage.output_tokens } },
    { type: "message_stop" },
  ];
}

function opening(block: Json): Json {
  if (block.type === "text") return { ...block, text: "" };
  if (block.type === "thinking") return { ...block, thinking: "", signature: "" };
  if (block.type === "tool_use" || block.type === "server_tool_use") return { ...block, input: {} };
  return block;
}

function deltas(block: Json): Json[] {
  if (block.type === "text") return pieces(block.text as string).map((text) => ({ type: "text_delta", text }));
  if (block.type === "thinking")
    return [
      ...pieces(block.thinking as string).map((thinking) => ({ type: "thinking_delta", thinking })),
      { type: "signature_delta", signature: block.signature },
    ];
  if (block.type === "tool_use" || block.type === "server_tool_use")
    return ["", ...pieces(JSON.stringify(block.input))].map((partial_json) => ({
      type: "input_json_delta",
      partial_json,
    }));
  return [];
}

function pieces(text: string): string[] {
  return text.match(/.{1,6}/gsu) ?? [];
}
