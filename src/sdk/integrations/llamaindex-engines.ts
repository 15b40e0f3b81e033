/** Retrieval and what is made of it: retrievers, postprocessors, synthesis, query and chat engines of LlamaIndex. */
import { SpanKind } from "@opentelemetry/api";
import { asFields } from "../../model/read-part.js";
import type { CallAttributes } from "./call-span.js";
import { quietly } from "./guard.js";
import { json, plainText, readDocuments, readMessage, userMessage } from "./llamaindex-messages.js";
import { patchModel } from "./llamaindex-models.js";
import { patchTools } from "./llamaindex-tools.js";
import {
  after,
  before,
  type Foreign,
  found,
  readOnce,
  type Traced,
  traceMethod,
  type Undo,
} from "./llamaindex-trace.js";
import type { AnswerReader } from "./observe-stream.js";

export function patchRetriever(owner: object): Undo[] {
  return found(
    traceMethod(owner, "retrieve", (self, [query]) => {
      const source = self.constructor.name;
      return {
        name: `retrieval ${source}`,
        kind: SpanKind.CLIENT,
        attributes: () => ({
          "gen_ai.operation.name": "retrieval",
          "gen_ai.data_source.id": source,
          "gen_ai.retrieval.query.text": plainText(query),
        }),
        reader: documentReader(),
      };
    }),
  );
}

/** What holds `nodePostprocessors`, which need no class of the library. */
export function patchPostprocessing(owner: object): Undo[] {
  return found(
    before(owner, "applyNodePostprocessors", ({ nodePostprocessors }) => {
      for (const one of nodePostprocessors)
        quietly("a postprocessor could not be patched", () => patchPostprocessor(one));
    }),
  );
}

export function patchPostprocessor(owner: object): Undo[] {
  return found(
    traceMethod(owner, "postprocessNodes", (self, [, query]) => {
      const name = self.constructor.name;
      const isReranker = typeof self.rerank === "function" || /rerank/i.test(name);
      return {
        name: isReranker ? `rerank ${name}` : name,
        kind: SpanKind.INTERNAL,
        attributes: () => ({
          ...(isReranker ? { "gen_ai.operation.name": "rerank" } : {}),
          "gen_ai.request.model": isReranker ? self.model : undefined,
          "gen_ai.retrieval.query.text": plainText(query),
        }),
        reader: documentReader(),
      };
    }),
  );
}

export function patchQueryEngine(owner: object): Undo[] {
  return found(traceMethod(owner, "query", (self, [params]) => step("query", self, params.query)));
}

export function patchSynthesizer(owner: object): Undo[] {
  return found(
    traceMethod(owner, "synthesize", (self, [params]) => {
      if (self.llm) patchModel(self.llm);
      return step("synthesize", self, params.query);
    }),
  );
}

export function patchChatEngine(owner: object): Undo[] {
  return found(
    traceMethod(owner, "chat", (self, [params]) => {
      const model = self.chatModel ?? self.llm;
      if (model) patchModel(model);
      return step("chat_engine", self, params.message);
    }),
  );
}

/** The agents of @llamaindex/core, which `AgentWorkflow` has replaced. */
export function patchAgentRunner(owner: object): Undo[] {
  return found(
    traceMethod(owner, "chat", (self, [params]) => {
      patchModel(self.llm);
      const agent = self.constructor.name;
      const described = step("invoke_agent", self, params.message);
      return {
        ...described,
        attributes: () => ({
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.agent.name": agent,
          ...described.attributes(),
        }),
      };
    }),
    after(owner, "getTools", patchTools),
  );
}

/** A span of no kind of its own, with what was asked and answered. */
function step(verb: string, self: Foreign, query: unknown): Traced {
  return {
    name: `${verb} ${self.constructor.name}`,
    kind: SpanKind.INTERNAL,
    attributes: () => ({ "gen_ai.input.messages": [userMessage(plainText(query))] }),
    reader: responseReader(),
  };
}

/** `EngineResponse`, in one piece or one for each chunk. */
function responseReader(): AnswerReader {
  let text = "";
  const read = (value: unknown) => {
    for (const part of readMessage(asFields(value)?.message).parts) if (part.type === "text") text += part.content;
  };
  return {
    result: read,
    chunk: read,
    attributes: (): CallAttributes =>
      text ? { "gen_ai.output.messages": [{ role: "assistant", parts: [{ type: "text", content: text }] }] } : {},
  };
}

function documentReader(): AnswerReader {
  return readOnce((nodes) => ({ "gen_ai.retrieval.documents": json(readDocuments(nodes)) }));
}
