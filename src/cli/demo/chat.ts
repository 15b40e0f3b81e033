/** One call of the model, recorded as a span with OpenTelemetry's `gen_ai.*` attributes. */
import { llm } from "../../sdk/tracing.js";
import type { ChatChunk, ChatCompletion, ChatMessage, ChatRequest } from "./chat-wire.js";

class ModelError extends Error {
  readonly status: number;
  constructor(status: number, type: string, message: string) {
    super(message);
    this.name = type;
    this.status = status;
  }
}

/** Waits and tries again when the model is over its rate, as the providers' clients do. */
export async function chat(
  url: string,
  provider: string,
  request: ChatRequest,
): Promise<ChatMessage & { role: "assistant" }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(url, provider, request);
    } catch (error) {
      if (!(error instanceof ModelError) || error.status !== 429 || attempt === 3) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  }
}

function call(url: string, provider: string, request: ChatRequest): Promise<ChatMessage & { role: "assistant" }> {
  const [system, ...messages] = request.messages;
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": request.model,
    "gen_ai.request.stream": request.stream === true,
    "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: system?.content ?? "" }]),
    "gen_ai.input.messages": JSON.stringify(messages.map(toParts)),
    ...(request.tools
      ? {
          "gen_ai.tool.definitions": JSON.stringify(
            request.tools.map((tool) => ({ type: tool.type, ...tool.function })),
          ),
        }
      : {}),
    "server.address": "127.0.0.1",
  };
  return llm(`chat ${request.model}`, attributes, async (span) => {
    const started = performance.now();
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    if (!response.ok) {
      const { error } = (await response.json()) as { error: { type: string; message: string } };
      span.setAttribute("http.response.status_code", response.status);
      span.setAttribute("error.type", error.type);
      throw new ModelError(response.status, error.type, error.message);
    }
    const completion = request.stream
      ? await readStream(response, () =>
          span.setAttribute("gen_ai.response.time_to_first_chunk", (performance.now() - started) / 1000),
        )
      : ((await response.json()) as ChatCompletion);
    const choice = completion.choices[0];
    if (!choice) throw new Error("the model answered without a choice");
    const { usage } = completion;
    span.setAttributes({
      "gen_ai.response.id": completion.id,
      "gen_ai.response.model": completion.model,
      "gen_ai.response.finish_reasons": [choice.finish_reason],
      "gen_ai.output.messages": JSON.stringify([{ ...toParts(choice.message), finish_reason: choice.finish_reason }]),
      "gen_ai.usage.input_tokens": usage.prompt_tokens,
      "gen_ai.usage.output_tokens": usage.completion_tokens,
      "gen_ai.usage.cache_read.input_tokens": usage.prompt_tokens_details.cached_tokens,
    });
    return choice.message;
  });
}

/** A message in the form of `gen_ai.input.messages`. */
function toParts(message: ChatMessage): { role: string; parts: unknown[] } {
  if (message.role === "tool")
    return {
      role: "tool",
      parts: [{ type: "tool_call_response", id: message.tool_call_id, response: message.content }],
    };
  const parts: unknown[] = message.content ? [{ type: "text", content: message.content }] : [];
  if (message.role === "assistant")
    for (const call of message.tool_calls ?? [])
      parts.push({
        type: "tool_call",
        id: call.id,
        name: call.function.name,
        arguments: JSON.parse(call.function.arguments),
      });
  return { role: message.role, parts };
}

async function readStream(response: Response, first: () => void): Promise<ChatCompletion> {
  const result: ChatCompletion = {
    id: "",
    model: "",
    choices: [],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, prompt_tokens_details: { cached_tokens: 0 } },
  };
  let content = "";
  let finish_reason = "stop";
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    if (text === "" && result.id === "") first();
    text += decoder.decode(bytes, { stream: true });
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") continue;
      const chunk = JSON.parse(data) as ChatChunk;
      result.id = chunk.id;
      result.model = chunk.model;
      content += chunk.choices[0]?.delta.content ?? "";
      finish_reason = chunk.choices[0]?.finish_reason ?? finish_reason;
      result.usage = chunk.usage ?? result.usage;
    }
  }
  result.choices = [{ message: { role: "assistant", content }, finish_reason }];
  return result;
}
