/** Records what a program does with OpenAI's SDK, versions 6 and 7, and with other services that speak its API. */
import { diag } from "@opentelemetry/api";
import { type CallAttributes, type CallSpan, startCall } from "./call-span.js";
import { countAttemptsOf, patchAttempts } from "./count-attempts.js";
import { type Fields, fieldsOf } from "./fields.js";
import { quietly } from "./guard.js";
import { installedCopies } from "./installed-copies.js";
import { observeCall } from "./observe-promise.js";
import type { AnswerReader } from "./observe-stream.js";
import { chatRequest, completionRequest, createChatReader } from "./openai-chat.js";
import { clientAttributes } from "./openai-client.js";
import { createEmbeddingsReader, embeddingsRequest } from "./openai-embeddings.js";
import { createResponsesReader, responsesRequest } from "./openai-responses.js";
import { withObservedTools } from "./openai-tools.js";
import { replaceMethod, undoAll } from "./replace-method.js";

type Api = {
  /** where its resource lies in a client; in the class with capitals */
  path: string[];
  operation: string;
  request(body: Fields): CallAttributes;
  reader(): AnswerReader;
};

/** The helpers (`parse`, `stream`, `runTools`) call these too. */
const apis: Api[] = [
  { path: ["chat", "completions"], operation: "chat", request: chatRequest, reader: createChatReader },
  { path: ["responses"], operation: "chat", request: responsesRequest, reader: createResponsesReader },
  { path: ["beta", "responses"], operation: "chat", request: responsesRequest, reader: createResponsesReader },
  { path: ["completions"], operation: "text_completion", request: completionRequest, reader: createChatReader },
  { path: ["embeddings"], operation: "embeddings", request: embeddingsRequest, reader: createEmbeddingsReader },
];

/** They may have a copy of their own. */
const carriers = ["@langchain/openai", "@llamaindex/openai"];

/**
 * Records each call of a model that goes through the class `OpenAI` (or `AzureOpenAI`: they share their methods), a
 * client, or the module of the SDK; without an argument through every client of `openai`, whether it is imported or
 * required, and of the copies that LangChain and LlamaIndex bring along. Clients that exist already are included. May come before or after `setupTracing`; the second time changes
 * nothing. Returns what takes it back. Never throws.
 */
export function instrumentOpenAI(target?: unknown): () => void {
  const undos: (() => void)[] = [];
  quietly("OpenAI could not be instrumented", () => {
    const targets = target === undefined ? installedCopies("openai", ".", { of: carriers }) : [target];
    const patched = targets.flatMap((one) => patchClient(one) ?? patchClass(one));
    if (patched.length === 0)
      diag.warn(
        target === undefined
          ? "agensight: openai is not installed where this program starts: pass the class, instrumentOpenAI(OpenAI)"
          : "agensight: what instrumentOpenAI was given is neither OpenAI's class, a client of it nor its module",
      );
    undos.push(...patched);
  });
  return undoAll(undos);
}

function patchClient(target: unknown): (() => void)[] | null {
  const client = fieldsOf(target);
  if (typeof client.baseURL !== "string") return null;
  return patch(client, (path) => at(client, path));
}

/** The module holds the class, and so does the class itself. */
function patchClass(target: unknown): (() => void)[] {
  const { OpenAI, default: exported } = Object(target) as Record<string, unknown>;
  const found = [OpenAI, exported, target].find((one) => typeof one === "function");
  if (typeof found !== "function") return [];
  const capital = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const resource = (path: string[]) => at(found, path.map(capital));
  return patch(found.prototype, (path) => (resource(path) as { prototype?: unknown } | undefined)?.prototype);
}

function at(root: unknown, path: string[]): unknown {
  return path.reduce((value, name) => (value as Fields | undefined)?.[name], root);
}

function patch(client: object, resource: (path: string[]) => unknown): (() => void)[] {
  const undos = apis.map((api) => {
    const owner = resource(api.path);
    return typeof owner === "object" && owner !== null
      ? replaceMethod(owner, "create", (create) => recorded(api, create))
      : null;
  });
  if (undos.every((undo) => undo === null)) return [];
  const tools = replaceMethod(
    Object(resource(["chat", "completions"])),
    "runTools",
    (runTools) =>
      function (body, ...rest) {
        const observed = quietly("tools could not be observed", () => withObservedTools(body));
        return runTools.call(this, observed ?? body, ...rest);
      },
  );
  return [...undos, patchAttempts(client), tools].filter((undo) => undo !== null);
}

type Resource = { _client?: unknown };
type Create = (this: Resource, ...args: unknown[]) => unknown;

/** The resource whose method is being called: a class and its client may both be patched. */
let calling: unknown;

function recorded(api: Api, create: Create): Create {
  return function (...args) {
    if (calling === this) return create.apply(this, args);
    const call = quietly("a call could not be observed", () => startApiCall(api, this, args[0]));
    const run = () => {
      const outer = calling;
      calling = this;
      try {
        return create.apply(this, args);
      } finally {
        calling = outer;
      }
    };
    return call ? observeCall(call, run, api.reader()) : run();
  };
}

function startApiCall({ operation, request }: Api, { _client }: Resource, input: unknown): CallSpan {
  const body = fieldsOf(input);
  const model = quietly("a model's name was not read", () => body.model);
  const call = startCall({
    name: typeof model === "string" ? `${operation} ${model}` : operation,
    attributes: () => ({
      "gen_ai.operation.name": operation,
      "gen_ai.request.model": model,
      ...clientAttributes(_client),
    }),
  });
  call.set(() => request(body));
  countAttemptsOf(call);
  return call;
}
