/** Records what a program does with LlamaIndex.TS. */
import { diag } from "@opentelemetry/api";
import { onConstruct } from "./construct-hook.js";
import { quietly } from "./guard.js";
import { patchAgent, patchAgentWorkflow } from "./llamaindex-agents.js";
import { usedCopies } from "./llamaindex-copies.js";
import {
  patchAgentRunner,
  patchChatEngine,
  patchPostprocessing,
  patchPostprocessor,
  patchQueryEngine,
  patchRetriever,
  patchSynthesizer,
} from "./llamaindex-engines.js";
import { patchEmbedding, patchModel } from "./llamaindex-models.js";
import { patchCallbackManager, patchTool } from "./llamaindex-tools.js";
import { activate, before, type Foreign, found, type Undo } from "./llamaindex-trace.js";
import { patchVariable, watchWorkflow } from "./llamaindex-workflows.js";
import { undoAll } from "./replace-method.js";

/**
 * From now on LlamaIndex.TS (`llamaindex` 0.12 and the `@llamaindex/…` packages) is recorded: models and embeddings of any
 * provider, tools, agents, workflows, retrievers, query and chat engines. Returns what takes that back.
 *
 * `target`: nothing, for what is installed where the program lies; or else modules, one of their classes, or one model, tool,
 * agent, workflow or engine. Call it before models and engines are made: one that was made before is recorded when an
 * agent, engine or `Settings` holds it, but not its own call by the program.
 *
 * Never throws; what cannot be instrumented is told to `diag`.
 */
export function instrumentLlamaIndex(target?: unknown): () => void {
  const undos: Undo[] = [];
  quietly("LlamaIndex could not be instrumented", () => {
    for (const one of target === undefined ? usedCopies() : [target]) undos.push(...patchTarget(one));
    if (undos.length > 0) undos.push(activate());
    else diag.warn(`agensight: ${target === undefined ? missing : unknown}; nothing is recorded`);
  });
  return undoAll(undos);
}

const missing = "llamaindex was not found where this program lies: give instrumentLlamaIndex its modules";
const unknown =
  "instrumentLlamaIndex takes nothing, a module of LlamaIndex, one of its classes, or a model, tool, agent, workflow or engine";

/** An object of LlamaIndex or a class of it, or else a module with classes in it. */
function patchTarget(target: Foreign): Undo[] {
  const own = patchOne(target);
  if (own.length > 0 || typeof target !== "object" || target === null) return own;
  return Object.values(target).flatMap((value) =>
    typeof value === "function" || isSettings(value) ? patchOne(value) : [],
  );
}

function patchOne(target: Foreign): Undo[] {
  if (isSettings(target)) return patchSettings(target);
  if (has(target, "Variable")) return patchVariable(target.Variable.prototype);
  if (isClass(target)) return [...patchPart(target.prototype), ...hookConstruction(target)];
  // embedding models are functions
  const isObject = (typeof target === "object" && target !== null) || has(target, "getTextEmbeddingsBatch");
  return isObject ? patchPart(target) : [];
}

/** What tells a part of the library, or a class that is derived from it, and what is patched of it. */
const parts: [is: (owner: Foreign) => boolean, patch: (owner: Foreign) => Undo[]][] = [
  [(owner) => has(owner, "chat", "complete", "streamExec"), patchModel],
  [(owner) => has(owner, "complete", "streamExec"), patchBaseModel],
  [(owner) => has(owner, "getTextEmbeddingsBatch"), patchEmbedding],
  [(owner) => has(owner, "getTextEmbeddingsBatch"), patchBaseEmbedding],
  [(owner) => has(owner, "_handleRecursiveRetrieval", "retrieve"), patchRetriever],
  [(owner) => has(owner, "query", "retrieve", "_updatePrompts"), patchQueryEngine],
  [(owner) => has(owner, "synthesize", "_updatePrompts"), patchSynthesizer],
  [(owner) => has(owner, "applyNodePostprocessors"), patchPostprocessing],
  [(owner) => has(owner, "postprocessNodes"), patchPostprocessor],
  [(owner) => has(owner, "chat", "createTask", "getTools"), patchAgentRunner],
  [(owner) => has(owner, "chat", "reset") && !has(owner, "createTask"), patchChatEngine],
  [(owner) => has(owner, "takeStep", "handleToolCallResults"), patchAgent],
  [(owner) => has(owner, "runStream", "callTool", "getAgents"), patchAgentWorkflow],
  [(owner) => has(owner, "handle", "createContext") && !has(owner, "runStream"), (owner) => watchWorkflow(owner, null)],
  [(owner) => typeof owner === "object" && has(owner, "call") && "metadata" in owner, patchTool],
  [(owner) => has(owner, "dispatchEvent", "on", "off"), patchCallbackManager],
];

function patchPart(owner: Foreign): Undo[] {
  return parts.flatMap(([is, patch]) => (is(owner) ? patch(owner) : []));
}

/** A model that was made before its class was patched is caught where the library's own class is asked. */
function patchBaseModel(owner: object): Undo[] {
  if (!Object.hasOwn(owner, "streamExec")) return [];
  return found(...["complete", "exec", "streamExec"].map((name) => before(owner, name, (model) => patchModel(model))));
}

function patchBaseEmbedding(owner: object): Undo[] {
  const names = ["getTextEmbeddingsBatch", "getQueryEmbedding"];
  return found(...names.map((name) => before(owner, name, (model) => patchEmbedding(model))));
}

/** Providers' classes are seen when a model of theirs is made. */
function hookConstruction(base: Foreign): Undo[] {
  const { prototype } = base;
  if (has(prototype, "streamExec") && !has(prototype, "chat")) return found(onConstruct(base, patchModel));
  if (Object.hasOwn(prototype, "getTextEmbeddingsBatch")) return found(onConstruct(base, patchEmbedding));
  return [];
}

function patchSettings(settings: Foreign): Undo[] {
  const undos = patchCallbackManager(settings.callbackManager);
  try {
    undos.push(...patchModel(settings.llm));
  } catch {
    // there is none yet
  }
  return undos;
}

function isSettings(value: Foreign): boolean {
  return typeof value === "object" && value !== null && "callbackManager" in value && "withLLM" in value;
}

function isClass(value: Foreign): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function has(owner: Foreign, ...methods: string[]): boolean {
  return owner !== null && owner !== undefined && methods.every((name) => typeof owner[name] === "function");
}
