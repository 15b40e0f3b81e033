/** The part of OpenAI's chat completions that the demo speaks. Source: OpenAI API reference, "Create chat completion". */

export type ToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };

export type ChatMessage =
  | { role: "system" | "user"; content: string }
  | { role: "assistant"; content: string | null; tool_calls?: ToolCall[] }
  | { role: "tool"; tool_call_id: string; content: string };

export type ToolDefinition = {
  type: "function";
  function: { name: string; description: string; parameters: Record<string, unknown> };
};

export type ChatRequest = {
  model: string;
  messages: ChatMessage[];
  tools?: ToolDefinition[];
  stream?: boolean;
  user: string;
};

export type ChatUsage = {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
};

export type ChatCompletion = {
  id: string;
  model: string;
  choices: { message: ChatMessage & { role: "assistant" }; finish_reason: string }[];
  usage: ChatUsage;
};

/** One event of a streamed answer. */
export type ChatChunk = {
  id: string;
  model: string;
  choices: { delta: { content?: string }; finish_reason: string | null }[];
  usage?: ChatUsage;
};
