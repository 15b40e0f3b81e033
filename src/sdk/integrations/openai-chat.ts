/** Chat completions and the older completions → `gen_ai.*`: requests, answers and chunks. */
import type { CallAttributes } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";
import { mediaPart } from "./media-part.js";
import type { AnswerReader } from "./observe-stream.js";
import {
  answerBound,
  contentParts,
  createAllowance,
  failureOf,
  listOf,
  type Part,
  toolCall,
  toolDefinitions,
  toolResponse,
} from "./openai-content.js";

export function chatRequest(body: Fields): CallAttributes {
  return {
    ...sampling(body),
    "openai.api.type": "chat_completions",
    "gen_ai.output.type": outputType(body),
    "gen_ai.tool.definitions": toolDefinitions(body.tools ?? legacyFunctions(body.functions)),
    "gen_ai.input.messages": listOf(body.messages).map(message),
  };
}

export function completionRequest(body: Fields): CallAttributes {
  const prompts = Array.isArray(body.prompt) ? body.prompt.filter((text) => typeof text === "string") : [body.prompt];
  return {
    ...sampling(body),
    "gen_ai.input.messages": prompts.map((prompt) => ({ role: "user", parts: contentParts(prompt) })),
  };
}

function sampling(body: Fields): CallAttributes {
  return {
    "gen_ai.request.temperature": body.temperature,
    "gen_ai.request.top_p": body.top_p,
    "gen_ai.request.max_tokens": body.max_completion_tokens ?? body.max_tokens,
    "gen_ai.request.stop_sequences": typeof body.stop === "string" ? [body.stop] : body.stop,
    "gen_ai.request.frequency_penalty": body.frequency_penalty,
    "gen_ai.request.presence_penalty": body.presence_penalty,
    "gen_ai.request.seed": body.seed,
    "gen_ai.request.choice.count": body.n === 1 ? undefined : body.n,
    "gen_ai.request.stream": body.stream === true ? true : undefined,
    "openai.request.service_tier": body.service_tier,
  };
}

function outputType(body: Fields): string | undefined {
  const { type } = fieldsOf(body.response_format);
  if (type === "json_schema" || type === "json_object") return "json";
  if (listOf(body.modalities).includes("audio")) return "speech";
  return type === "text" ? type : undefined;
}

function legacyFunctions(functions: unknown): unknown {
  return Array.isArray(functions) ? functions.map((one) => ({ type: "function", function: one })) : undefined;
}

function message(value: unknown): { role: unknown; parts: Part[] } {
  const { role, ...fields } = fieldsOf(value);
  if (role === "tool") return { role, parts: [toolResponse(fields.tool_call_id, fields.content)] };
  if (role === "function") return { role: "tool", parts: [toolResponse(fields.name, fields.content)] };
  return { role, parts: messageParts(fields) };
}

function messageParts(fields: Fields): Part[] {
  const parts: Part[] = [];
  // not OpenAI's: DeepSeek's and others' name
  if (typeof fields.reasoning_content === "string" && fields.reasoning_content)
    parts.push({ type: "reasoning", content: fields.reasoning_content });
  parts.push(...contentParts(fields.content));
  if (fields.refusal) parts.push({ type: "refusal", content: fields.refusal });
  if (fields.audio) {
    const audio = fieldsOf(fields.audio);
    parts.push(mediaPart({ type: "audio", audio }) as Part, ...contentParts(audio.transcript));
  }
  for (const call of listOf(fields.tool_calls)) {
    const { id, function: inner, custom } = fieldsOf(call);
    const { name, arguments: args, input } = fieldsOf(inner ?? custom);
    parts.push(toolCall(id, name, args ?? input));
  }
  if (fields.function_call) {
    const { name, arguments: args } = fieldsOf(fields.function_call);
    parts.push(toolCall(undefined, name, args));
  }
  return parts;
}

type Choice = { message: Fields; calls: Map<unknown, Fields>; finish_reason: unknown };

/** For chat completions and the older completions, whole or in chunks. */
export function createChatReader(): AnswerReader {
  const allowance = createAllowance(answerBound);
  const choices = new Map<unknown, Choice>();
  let answer: Fields = {};
  let usage: unknown;

  function choiceAt(index: unknown): Choice | null {
    const known = choices.get(index);
    if (known) return known;
    if (!allowance.more()) return null;
    const choice: Choice = { message: { role: "assistant" }, calls: new Map(), finish_reason: null };
    choices.set(index, choice);
    return choice;
  }

  return {
    result(value) {
      answer = fieldsOf(value);
      usage = answer.usage;
      for (const [index, choice] of listOf(answer.choices).entries()) {
        const { message: whole, text, finish_reason } = fieldsOf(choice);
        choices.set(index, {
          message: fieldsOf(whole ?? { role: "assistant", content: text }),
          calls: new Map(),
          finish_reason,
        });
      }
    },
    chunk(value) {
      const piece = fieldsOf(value);
      if (piece.id || piece.model) answer = piece;
      usage = piece.usage ?? usage;
      for (const one of listOf(piece.choices)) {
        const { index, delta, text, finish_reason } = fieldsOf(one);
        const choice = choiceAt(index);
        if (!choice) continue;
        addDelta(choice, fieldsOf(delta ?? { content: text }), allowance);
        choice.finish_reason = finish_reason ?? choice.finish_reason;
      }
    },
    attributes() {
      const all = [...choices.values()];
      const reasons = all.map((choice) => choice.finish_reason).filter((reason) => typeof reason === "string");
      return {
        "gen_ai.response.id": answer.id,
        "gen_ai.response.model": answer.model,
        "gen_ai.response.finish_reasons": reasons.length > 0 ? reasons : undefined,
        "openai.response.service_tier": answer.service_tier,
        "openai.response.system_fingerprint": answer.system_fingerprint,
        "gen_ai.output.messages": all.length > 0 ? all.map(outputMessage) : undefined,
        ...chatUsage(usage),
      };
    },
    // not OpenAI's: routers answer 200 with what their provider refused
    failure() {
      if (choices.size > 0 || !answer.error) return null;
      const { type, code, message } = fieldsOf(answer.error);
      return failureOf(type ?? code, message);
    },
  };
}

function outputMessage({ message: { role, ...fields }, calls, finish_reason }: Choice) {
  return {
    role,
    parts: messageParts(calls.size > 0 ? { ...fields, tool_calls: [...calls.values()] } : fields),
    // the vocabulary of messages has a word of its own
    ...(finish_reason ? { finish_reason: finish_reason === "tool_calls" ? "tool_call" : finish_reason } : {}),
  };
}

function addDelta({ message, calls }: Choice, delta: Fields, allowance: ReturnType<typeof createAllowance>): void {
  for (const name of ["content", "refusal", "reasoning_content"]) {
    const piece = allowance.take(delta[name]);
    if (piece) message[name] = `${message[name] ?? ""}${piece}`;
  }
  const { id, transcript } = fieldsOf(delta.audio);
  if (id || transcript) {
    const audio = fieldsOf(message.audio);
    message.audio = { id: id ?? audio.id, transcript: `${audio.transcript ?? ""}${allowance.take(transcript)}` };
  }
  const pieces = [...listOf(delta.tool_calls), ...(delta.function_call ? [{ function: delta.function_call }] : [])];
  for (const piece of pieces) {
    const { index, id, function: inner, custom } = fieldsOf(piece);
    const { name, arguments: args, input } = fieldsOf(inner ?? custom);
    const known = calls.get(index);
    if (!known && !allowance.more()) continue;
    const before = fieldsOf(known?.function);
    calls.set(index, {
      id: id ?? known?.id,
      function: { name: name ?? before.name, arguments: `${before.arguments ?? ""}${allowance.take(args ?? input)}` },
    });
  }
}

function chatUsage(usage: unknown): CallAttributes {
  const { prompt_tokens, completion_tokens, prompt_tokens_details, completion_tokens_details } = fieldsOf(usage);
  const input = fieldsOf(prompt_tokens_details);
  return {
    "gen_ai.usage.input_tokens": prompt_tokens,
    "gen_ai.usage.output_tokens": completion_tokens,
    "gen_ai.usage.cache_read.input_tokens": input.cached_tokens,
    "gen_ai.usage.cache_creation.input_tokens": input.cache_write_tokens,
    "gen_ai.usage.reasoning.output_tokens": fieldsOf(completion_tokens_details).reasoning_tokens,
  };
}
