/** Records what a program does with LangChain and LangGraph. */
import { diag } from "@opentelemetry/api";
import { quietly } from "./guard.js";
import { installedCopies } from "./installed-copies.js";
import { type Core, patchContext, patchSharedContext } from "./langchain-context.js";
import { handler } from "./langchain-handler.js";
import { replaceMethod, undoAll } from "./replace-method.js";

// biome-ignore lint/suspicious/noExplicitAny: objects and methods of LangChain
type Any = any;

/**
 * From now on every run of LangChain.js (`@langchain/core` 1.x) is recorded: agents, graphs, model calls, tools and
 * retrievers. Returns what takes that back; runs that are under way then are recorded to their end.
 *
 * `target`: nothing, for the installed `@langchain/core`; the module `@langchain/core/callbacks/manager` or its class
 * `CallbackManager`, for another copy; or one model, tool, agent or graph, which alone is recorded, with all that runs in it.
 *
 * Never throws; what cannot be instrumented is told to `diag`.
 */
export function instrumentLangChain(target?: unknown): () => void {
  const undos: (() => void)[] = [];
  quietly("LangChain could not be instrumented", () => instrument(target as Any, undos));
  return undoAll(undos);
}

function instrument(target: Any, undos: (() => void)[]): void {
  const managers = installedCopies("@langchain/core", "./callbacks/manager").map((copy) => managerIn(copy));
  const given = managerIn(target);
  if (target === undefined || given) {
    const chosen = target === undefined ? managers : [given];
    if (chosen.length === 0)
      diag.warn(
        "agensight: @langchain/core was not found where this program lies: LangChain is not recorded; name its CallbackManager",
      );
    const shared = given && patchSharedContext();
    if (shared) undos.push(shared);
    for (const manager of chosen) undos.push(replaceMethod(manager, "_configureSync", withHandler) as () => void);
  } else if (!patchInstance(target, undos)) {
    diag.error(
      "agensight: instrumentLangChain takes nothing, the module @langchain/core/callbacks/manager, its CallbackManager, or a model, tool, agent or graph; nothing is recorded",
    );
    return;
  }
  for (const core of installedCore()) patchContext(core, undos);
}

function managerIn(target: Any): Any {
  for (const candidate of [target, target?.CallbackManager, target?.default?.CallbackManager]) {
    if (typeof candidate === "function" && typeof candidate._configureSync === "function") return candidate;
  }
  return undefined;
}

function installedCore(): Core[] {
  const found = {
    singletons: installedCopies("@langchain/core", "./singletons"),
    chatModels: installedCopies("@langchain/core", "./language_models/chat_models"),
    llms: installedCopies("@langchain/core", "./language_models/llms"),
    tools: installedCopies("@langchain/core", "./tools"),
    retrievers: installedCopies("@langchain/core", "./retrievers"),
    runnables: installedCopies("@langchain/core", "./runnables"),
  };
  return found.singletons.map((_, copy) =>
    Object.fromEntries(Object.entries(found).map(([name, copies]) => [name, copies[copy]])),
  );
}

type Method = (this: Any, ...args: Any[]) => Any;

/** Every run asks here for its handlers. */
function withHandler(original: Method): Method {
  return function (inheritable, ...rest) {
    return original.call(this, withOurs(inheritable), ...rest);
  };
}

/** The program's own callbacks, a list or a manager, are never changed; nothing is added where it is already. */
function withOurs(callbacks: Any): Any {
  if (!callbacks) return [handler];
  if (Array.isArray(callbacks)) return callbacks.includes(handler) ? callbacks : [...callbacks, handler];
  return callbacks.handlers?.includes(handler) ? callbacks : callbacks.copy([handler]);
}

/** Methods that take an input and options, and of which all others are made. */
const calls = ["invoke", "stream", "transform", "streamEvents", "generate", "generatePrompt"];

function patchInstance(target: Any, undos: (() => void)[]): boolean {
  if (typeof target !== "object" || typeof target?.invoke !== "function") return false;
  for (const name of calls) {
    const undo = replaceMethod(
      target,
      name,
      (original) =>
        function (input, options, ...rest) {
          if (Array.isArray(options)) return original.call(this, input, options, ...rest);
          const callbacks = options?.callbacks ?? (name.startsWith("generate") ? rest[0] : undefined);
          const own = { ...options, callbacks: withOurs(callbacks) };
          return original.call(this, input, own, ...rest);
        },
    );
    if (undo) undos.push(undo);
  }
  return true;
}
