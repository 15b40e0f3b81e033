/** What LangChain tells of a call of a language model, as attributes. */
import type { CallAttributes } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";
import { type Message, readMessages } from "./langchain-messages.js";
import { serverAddress } from "./server-address.js";

/** What a model's start is told with. */
export type ModelStart = {
  /** the model's `toJSON()`: keys in snake case, secrets replaced */
  serialized: unknown;
  /** `{invocation_params, options}` */
  extra: unknown;
  metadata: Fields;
};

export function modelName({ serialized, extra, metadata }: ModelStart): string | undefined {
  const { invocation_params } = fieldsOf(extra);
  const sources = [fieldsOf(invocation_params), fieldsOf(fieldsOf(serialized).kwargs)];
  const named = sources.flatMap((source) => [source.model, source.model_name, source.modelName, source.model_id]);
  return [named[0], metadata.ls_model_name, ...named].find(isText);
}

export function requestAttributes(start: ModelStart, input: Message[]): CallAttributes {
  const extra = fieldsOf(start.extra);
  const options = fieldsOf(extra.options);
  const kwargs = fieldsOf(fieldsOf(start.serialized).kwargs);
  const { metadata } = start;
  const params = fieldsOf(extra.invocation_params);
  // newer models put what they were made with into one of the three
  const read = (...names: string[]) => {
    for (const source of [params, options, kwargs]) {
      for (const name of names) if (source[name] !== undefined && source[name] !== null) return source[name];
    }
    return undefined;
  };
  const choices = read("n");
  return {
    "gen_ai.provider.name": provider(start),
    "gen_ai.request.model": modelName(start),
    "gen_ai.request.temperature": number(read("temperature") ?? metadata.ls_temperature),
    "gen_ai.request.top_p": number(read("top_p", "topP")),
    "gen_ai.request.top_k": number(read("top_k", "topK")),
    "gen_ai.request.max_tokens": number(
      read("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "maxTokens") ??
        metadata.ls_max_tokens,
    ),
    "gen_ai.request.stop_sequences": texts(read("stop", "stop_sequences", "stopSequences") ?? metadata.ls_stop),
    "gen_ai.request.frequency_penalty": number(read("frequency_penalty", "frequencyPenalty")),
    "gen_ai.request.presence_penalty": number(read("presence_penalty", "presencePenalty")),
    "gen_ai.request.seed": number(read("seed")),
    "gen_ai.request.choice.count": choices === 1 ? undefined : number(choices),
    "gen_ai.output.type": outputType(params.response_format ?? fieldsOf(params.text).format),
    "gen_ai.tool.definitions": nonEmpty(params.tools ?? options.tools ?? params.functions),
    "gen_ai.input.messages": input,
    ...address(kwargs),
  };
}

/** Tools that the model may ask for; a schema for structured output that is sent as a tool is none. */
export function hasTools({ extra }: ModelStart): boolean {
  const { invocation_params, options } = fieldsOf(extra);
  const tools = fieldsOf(invocation_params).tools ?? fieldsOf(options).tools;
  return Array.isArray(tools) && tools.length > 0 && fieldsOf(options).ls_structured_output_format === undefined;
}

/** `result` is LangChain's `LLMResult` of one prompt. */
export function responseAttributes(result: unknown): CallAttributes {
  const { generations, llmOutput } = fieldsOf(result);
  const answers = (Array.isArray(generations) ? generations.flat() : []).map(fieldsOf);
  const first = fieldsOf(answers[0]?.message);
  const about = fieldsOf(first.response_metadata);
  const reasons = answers.map(finishReason).filter(isText);
  return {
    "gen_ai.response.id": responseId(first, about),
    "gen_ai.response.model": [about.model_name, about.model, fieldsOf(llmOutput).model_name].find(isText),
    "gen_ai.response.finish_reasons": reasons.length > 0 ? reasons : undefined,
    ...usageAttributes(answers, fieldsOf(llmOutput)),
    "gen_ai.output.messages": nonEmpty(answers.flatMap(outputMessage)),
  };
}

function outputMessage(answer: Fields): Message[] {
  const message = answer.message
    ? readMessages([answer.message])
    : [{ role: "assistant", parts: [{ type: "text", content: answer.text }] }];
  const reason = finishReason(answer);
  return message.map((each) => ({ ...each, ...(reason ? { finish_reason: reason } : {}) }));
}

function finishReason({ message, generationInfo }: Fields): string | undefined {
  const about = fieldsOf(fieldsOf(message).response_metadata);
  for (const source of [about, fieldsOf(generationInfo)]) {
    const reason = [
      source.finish_reason,
      source.finishReason,
      source.stop_reason,
      source.stopReason,
      source.done_reason,
      fieldsOf(source.incomplete_details).reason,
      source.status,
    ].find(isText);
    if (reason) return reason;
  }
  return undefined;
}

/** LangChain makes up ids where the provider gives none. */
function responseId(message: Fields, about: Fields): string | undefined {
  return [about.id, message.id].find((id) => isText(id) && !/^(lc_)?run-/.test(id)) as string | undefined;
}

/** Its `input_tokens` are all of them, cached ones too. */
function usageAttributes(answers: Fields[], llmOutput: Fields): CallAttributes {
  const messages = answers.map((answer) => fieldsOf(answer.message));
  const usage = messages.map((message) => fieldsOf(message.usage_metadata)).find((each) => isCount(each.input_tokens));
  const older = [llmOutput.tokenUsage, llmOutput.usage, fieldsOf(messages[0]?.response_metadata).usage].map(fieldsOf);
  const read = (...names: string[]) => older.flatMap((source) => names.map((name) => source[name])).find(isCount);
  const input = fieldsOf(usage?.input_token_details);
  const output = fieldsOf(usage?.output_token_details);
  return {
    "gen_ai.usage.input_tokens": usage?.input_tokens ?? read("promptTokens", "prompt_tokens", "input_tokens"),
    "gen_ai.usage.output_tokens":
      usage?.output_tokens ?? read("completionTokens", "completion_tokens", "output_tokens"),
    "gen_ai.usage.cache_read.input_tokens": input.cache_read,
    "gen_ai.usage.cache_creation.input_tokens": input.cache_creation,
    "gen_ai.usage.reasoning.output_tokens": output.reasoning,
  };
}

function provider({ serialized, metadata }: ModelStart): string | undefined {
  const { id } = fieldsOf(serialized);
  // langchain.llms.openai.OpenAI
  const named = metadata.ls_provider ?? (Array.isArray(id) && id.length > 3 ? id[2] : undefined);
  return isText(named) ? named.toLowerCase() : undefined;
}

/** Where the model is asked, when the program says it. */
function address(kwargs: Fields): CallAttributes {
  const { configuration, base_url, baseUrl } = kwargs;
  const url = [fieldsOf(configuration).baseURL, fieldsOf(configuration).base_url, base_url, baseUrl].find(isText);
  return serverAddress(url);
}

function outputType(format: unknown): string | undefined {
  const { type } = fieldsOf(format);
  return type === "json_schema" || type === "json_object" ? "json" : type === "text" ? "text" : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): value is number {
  return typeof value === "number";
}

function number(value: unknown): number | undefined {
  return isCount(value) ? value : undefined;
}

function texts(value: unknown): string[] | undefined {
  return isText(value) ? [value] : Array.isArray(value) ? value.map(String) : undefined;
}

function nonEmpty(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}
