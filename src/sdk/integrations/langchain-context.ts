/**
 * Makes the span of a run of LangChain the parent of what its code starts. Handlers cannot do that, so the methods that
 * run the code are patched; they do nothing for runs that are not recorded.
 */
import { quietly } from "./guard.js";
import { addChunk, leave, openRun, type Run, withinRun } from "./langchain-runs.js";
import { watchConsumer } from "./langchain-streams.js";
import { replaceMethod } from "./replace-method.js";

// biome-ignore lint/suspicious/noExplicitAny: objects and methods of LangChain
type Any = any;

/** Modules of one copy of `@langchain/core`; what is not there is not patched. */
export type Core = {
  singletons?: Any;
  chatModels?: Any;
  llms?: Any;
  tools?: Any;
  retrievers?: Any;
  runnables?: Any;
};

/** The method that is called for every run of a kind, the ones with the work, and where these are given the run. */
const bodies: Body[] = [
  {
    of: (core: Core) => core.chatModels?.BaseChatModel,
    entries: ["_generateUncached", "_streamIterator"],
    work: ["_generate", "_streamResponseChunks", "_streamChatModelEvents"],
    at: 2,
  },
  {
    of: (core: Core) => core.llms?.BaseLLM,
    entries: ["_generateUncached", "_streamIterator"],
    work: ["_generate", "_streamResponseChunks"],
    at: 2,
  },
  { of: (core: Core) => core.tools?.StructuredTool, entries: ["call"], work: ["_call"], at: 1 },
  { of: (core: Core) => core.retrievers?.BaseRetriever, entries: ["invoke"], work: ["_getRelevantDocuments"], at: 1 },
  // it begins its run itself
  { of: (core: Core) => core.runnables?.Runnable, entries: ["stream"], work: ["_streamIterator"], at: null },
];

type Body = { of(core: Core): Any; entries: string[]; work: string[]; at: number | null };

/** `undos` gets the undo of each patch, also of those that are made when a class is first used. */
export function patchContext(core: Core, undos: (() => void)[]): void {
  const add = (undo: (() => void) | null) => {
    if (undo && !undos.includes(undo)) undos.push(undo);
  };
  const provider = core.singletons?.AsyncLocalStorageProviderSingleton;
  if (provider) add(replaceMethod(provider, "runWithConfig", withinConfig));
  for (const { of, entries, work, at } of bodies) {
    const base = of(core)?.prototype;
    for (const entry of base ? entries : []) {
      add(
        replaceMethod(
          base,
          entry,
          (original) =>
            function (this: Any, ...args) {
              quietly("a class of LangChain could not be patched", () => {
                for (const name of work) {
                  const owner = ownerOf(this, name);
                  // LangChain compares the base's own methods to learn what a class can do
                  if (owner && owner !== base)
                    add(replaceMethod(owner, name, at === null ? watchConsumer : (method) => withinRunAt(at, method)));
                }
              });
              return original.apply(this, args);
            },
        ),
      );
    }
  }
}

/**
 * What all copies of LangChain share, also those in bundles, of which only the manager is known: the variable that holds
 * the configuration of the code that runs. It is set before the first graph can be made.
 */
export function patchSharedContext(): (() => void) | null {
  const variable = (globalThis as Any)[Symbol.for("ls:tracing_async_local_storage")];
  if (typeof variable?.run !== "function") return null;
  return replaceMethod(
    variable,
    "run",
    (original) =>
      function (store, callback, ...args) {
        const config = quietly("a run was not found", () => store?.extra?.[Symbol.for("lc:child_config")]);
        return withinConfig(() => original.call(this, store, callback, ...args)).call(this, config);
      },
  );
}

type Method = (this: Any, ...args: Any[]) => Any;

/** `runWithConfig(config, callback)`: nodes, lambdas, functions of tools, steps of streams. */
function withinConfig(original: Method): Method {
  return function (...args) {
    const run = quietly("a run was not found", () => openRun(args[0]?.callbacks?.getParentRunId?.()));
    return run ? withinRun(run, () => original.apply(this, args)) : original.apply(this, args);
  };
}

function withinRunAt(index: number, original: Method): Method {
  return function (...args) {
    const run = quietly("a run was not found", () => openRun(args[index]?.runId));
    if (!run) return original.apply(this, args);
    // a start tells no more than the class of a tool
    if (run.kind === "tool") quietly("a tool was not read", () => nameTool(run, this));
    const result = withinRun(run, () => original.apply(this, args));
    if (typeof result?.next === "function") quietly("a stream could not be followed", () => follow(result, run));
    return result;
  };
}

function nameTool({ call }: Run, tool: Any): void {
  const { name, description } = tool;
  if (!call || typeof name !== "string") return;
  call.set(() => ({ "gen_ai.tool.name": name, "gen_ai.tool.description": description }));
  call.span.updateName(`execute_tool ${name}`);
}

/**
 * A generator runs where it is pulled from. LangChain tells of a chunk when the consumer asks for the next one, and nobody
 * that the consumer went away.
 */
function follow(stream: Record<string, Method | undefined>, run: Run): void {
  run.isFollowed = true;
  for (const name of ["next", "return", "throw"] as const) {
    const step = stream[name];
    if (typeof step !== "function") continue;
    const value = (...args: unknown[]) => {
      const result = withinRun(run, () => step.apply(stream, args));
      if (name === "return") quietly("a stream could not be followed", () => endAfter(result, run));
      else quietly("a stream could not be followed", () => result.then((step: Any) => seeChunk(step, run), ignore));
      return result;
    };
    Object.defineProperty(stream, name, { value, writable: true, configurable: true });
  }
}

function seeChunk({ done, value }: Any, run: Run): void {
  if (!done) quietly("a chunk was not read", () => addChunk(run, value?.text));
}

/** It is the consumer's, who awaits the same promise. */
function ignore(): void {}

/** Left because of an error, LangChain tells of it right afterwards. */
function endAfter(result: Promise<unknown>, run: Run): void {
  const at = performance.now();
  const end = () => void setImmediate(() => quietly("a run could not be ended", () => leave(run.id, at))).unref();
  result.then(end, end);
}

function ownerOf(instance: Any, name: string): object | null {
  for (let at = instance; at; at = Object.getPrototypeOf(at)) if (Object.hasOwn(at, name)) return at;
  return null;
}
