/** Calls of language and embedding models through LlamaIndex, of any provider's class. */
import { SpanKind } from "@opentelemetry/api";
import { asFields, type Fields } from "../../model/read-part.js";
import type { CallAttributes } from "./call-span.js";
import { answerReader } from "./llamaindex-answer.js";
import { readMessages, readToolDefinitions, userMessage } from "./llamaindex-messages.js";
import { patchTools } from "./llamaindex-tools.js";
import { type Foreign, found, readOnce, type Traced, traceMethod, type Undo } from "./llamaindex-trace.js";
import { serverAddress } from "./server-address.js";

/** The classes of the provider packages, in OpenTelemetry's words; a class below one of them is of the same provider. */
const providers: Record<string, string> = {
  OpenAI: "openai",
  OpenAIResponses: "openai",
  OpenAIEmbedding: "openai",
  AzureOpenAI: "azure.ai.openai",
  AzureOpenAIEmbedding: "azure.ai.openai",
  Anthropic: "anthropic",
  Gemini: "gcp.gemini",
  GeminiEmbedding: "gcp.gemini",
  Google: "gcp.gemini",
  MistralAI: "mistral_ai",
  MistralAIEmbedding: "mistral_ai",
  Ollama: "ollama",
  OllamaEmbedding: "ollama",
  Bedrock: "aws.bedrock",
  BedrockEmbedding: "aws.bedrock",
  Groq: "groq",
  DeepSeekLLM: "deepseek",
  DeepInfra: "deepinfra",
  DeepInfraEmbedding: "deepinfra",
  FireworksLLM: "fireworks",
  FireworksEmbedding: "fireworks",
  TogetherLLM: "together",
  TogetherEmbedding: "together",
  Perplexity: "perplexity",
  XAI: "x_ai",
  CohereEmbedding: "cohere",
  VoyageAIEmbedding: "voyageai",
  JinaAIEmbedding: "jina",
  HuggingFaceLLM: "huggingface",
  HuggingFaceInferenceAPI: "huggingface",
  HuggingFaceEmbedding: "huggingface",
  ReplicateLLM: "replicate",
};

/** `owner` is a model or the prototype of a class of models. */
export function patchModel(owner: Foreign): Undo[] {
  return found(
    traceMethod(owner, "chat", (self, [params]) => {
      patchTools(params.tools);
      return {
        name: `chat ${self.metadata?.model ?? self.constructor.name}`,
        kind: SpanKind.CLIENT,
        attributes: () => ({
          "gen_ai.operation.name": "chat",
          ...requestOf(self, params),
          "gen_ai.input.messages": readMessages(params.messages),
          "gen_ai.tool.definitions": readToolDefinitions(params.tools),
        }),
        reader: answerReader(),
      };
    }),
    // that of the library's own class only calls `chat`
    isOverridden(owner, "complete", "streamExec")
      ? traceMethod(owner, "complete", (self, [params]) => ({
          name: `text_completion ${self.metadata?.model ?? self.constructor.name}`,
          kind: SpanKind.CLIENT,
          attributes: () => ({
            "gen_ai.operation.name": "text_completion",
            ...requestOf(self, params),
            "gen_ai.input.messages": [userMessage(params.prompt)],
          }),
          reader: answerReader(),
        }))
      : null,
  );
}

/** What the program set for this call holds over what it set for the model. */
function requestOf(self: Foreign, params: Foreign): CallAttributes {
  const { model, temperature, topP, maxTokens, contextWindow } = asFields(self.metadata) ?? {};
  const more: Fields = { ...asFields(self.additionalChatOptions), ...asFields(params.additionalChatOptions) };
  return {
    "gen_ai.provider.name": providerOf(self),
    "gen_ai.request.model": more.model ?? model,
    "gen_ai.request.temperature": more.temperature ?? temperature,
    "gen_ai.request.top_p": more.top_p ?? topP,
    "gen_ai.request.max_tokens": more.max_completion_tokens ?? more.max_tokens ?? maxTokens,
    "gen_ai.request.frequency_penalty": more.frequency_penalty,
    "gen_ai.request.presence_penalty": more.presence_penalty,
    "gen_ai.request.seed": more.seed,
    "gen_ai.request.choice.count": more.n,
    "gen_ai.request.stop_sequences": typeof more.stop === "string" ? [more.stop] : more.stop,
    "gen_ai.output.type": params.responseFormat ? "json" : undefined,
    "agensight.model.context_window": contextWindow,
    ...serverAddress(self.baseURL),
  };
}

function providerOf(self: object): string | undefined {
  for (let level = Object.getPrototypeOf(self); level; level = Object.getPrototypeOf(level)) {
    const name = level.constructor?.name;
    if (Object.hasOwn(providers, name)) return providers[name];
  }
  return undefined;
}

/** `owner` is an embedding model or the prototype of a class of them. */
export function patchEmbedding(owner: Foreign): Undo[] {
  // that of the library's own classes only calls one of the others
  const query = isOverridden(owner, "getQueryEmbedding", "getTextEmbeddingsBatch", "getImageEmbeddings");
  const names = ["getTextEmbedding", "getTextEmbeddings", "getImageEmbedding", "getImageEmbeddings"];
  if (query) names.push("getQueryEmbedding");
  return found(...names.map((name) => traceMethod(owner, name, describeEmbedding)));
}

function describeEmbedding(self: Foreign, [input]: Foreign[]): Traced {
  const model = self.model ?? self.modelType;
  return {
    name: `embeddings ${model ?? self.constructor.name}`,
    kind: SpanKind.CLIENT,
    attributes: () => ({
      "gen_ai.operation.name": "embeddings",
      "gen_ai.provider.name": providerOf(self),
      "gen_ai.request.model": model,
      "gen_ai.input.messages": [{ role: "user", parts: [input].flat().flatMap((text) => userMessage(text).parts) }],
      ...serverAddress(self.baseURL),
    }),
    reader: readOnce(readVectors),
  };
}

function readVectors(value: unknown): CallAttributes {
  if (!Array.isArray(value)) return {};
  const vectors = Array.isArray(value[0]) ? value : [value];
  return { "agensight.embeddings.count": vectors.length, "gen_ai.embeddings.dimension.count": vectors[0]?.length };
}

/** Is the method from below the classes of the library, which are those that have one of `marks` as their own? */
function isOverridden(owner: object, name: string, ...marks: string[]): boolean {
  for (let level = owner; level; level = Object.getPrototypeOf(level)) {
    if (Object.hasOwn(level, name)) return !marks.some((mark) => Object.hasOwn(level, mark));
  }
  return false;
}
