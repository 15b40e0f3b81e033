/** Where the recorder runs: a thread of its own, or the program's thread where there can be none. */
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { context, ROOT_CONTEXT } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import { moduleUrl, programFile, threadEnvironment } from "./environment.js";
import { type FromRecorder, type RecorderData, shared, type ToRecorder } from "./recorder-message.js";
import type { createRecorderThread } from "./recorder-thread.js";
import { workerText } from "./worker-text.js";

export type RecorderHost = {
  /** see `shared` */
  state: Int32Array;
  post(message: ToRecorder): void;
  /** Whether the recorder keeps the program alive. */
  hold(alive: boolean): void;
  /** Blocks until the shared `state[index]` is `value`, at most `ms`; false = it is not. */
  wait(index: number, value: number, ms: number): boolean;
  /** Delivers what the recorder has said so far; for a program that does not return to its event loop. */
  deliver(): void;
  /** Blocks until nothing is done in the store, which libsql does not survive when its thread is ended meanwhile. */
  leave(): void;
  stop(): void;
};

/** ms; longer than the store waits for another process's lock */
const leavePatience = 2_000;

export type HostEvents = {
  message(message: FromRecorder): void;
  /** The recorder is gone without having been stopped. */
  death(reason: string): void;
};

/** Starts a thread. Throws where the process may have none. */
export function startThread(events: HostEvents): RecorderHost {
  const { port1: port, port2 } = new MessageChannel();
  const state = new Int32Array(new SharedArrayBuffer(4 * shared.length));
  const data: RecorderData = {
    agensightRecorder: { port: port2, state, moduleUrl: moduleUrl(), programFile: programFile() },
  };
  const worker = new Worker(workerText, {
    eval: true,
    name: "agensight",
    workerData: data,
    transferList: [port2],
    env: threadEnvironment(),
    execArgv: [],
    // never read: what a library prints in there must not reach the program's output
    stdout: true,
    stderr: true,
  });
  let alive = true;
  let reason = "its thread ended";
  worker.on("error", (error: Error) => {
    reason = error.message;
  });
  worker.on("exit", () => {
    if (!alive) return;
    alive = false;
    deliver();
    port.close();
    events.death(reason);
  });
  worker.unref();
  port.on("message", (message: FromRecorder) => events.message(message));
  port.unref();

  function deliver(): void {
    for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
      events.message(received.message);
    }
  }

  function wait(index: number, value: number, ms: number): boolean {
    const deadline = performance.now() + ms;
    for (let current = state[index] as number; current !== value; current = state[index] as number) {
      const left = deadline - performance.now();
      if (left <= 0 || !alive) return false;
      Atomics.wait(state, index, current, left);
    }
    return true;
  }

  return {
    state,
    post: (message) => port.postMessage(message),
    hold(keep) {
      if (keep) port.ref();
      else port.unref();
    },
    wait,
    deliver,
    leave() {
      Atomics.store(state, shared.leaving, 1);
      wait(shared.inStore, 0, leavePatience);
    },
    stop() {
      alive = false;
      port.close();
    },
  };
}

/** Runs the recorder on the program's own thread: each write then takes the program's time. */
export function startInline(events: HostEvents): RecorderHost {
  const module = { exports: {} as { createRecorderThread: typeof createRecorderThread } };
  const load = compileFunction(workerText, ["module", "exports", "require", "agensightModuleUrl"]);
  load(module, module.exports, createRequire(moduleUrl()), moduleUrl());
  const state = new Int32Array(shared.length);
  const said: FromRecorder[] = [];
  const deliver = (): void => {
    for (let message = said.shift(); message; message = said.shift()) events.message(message);
  };
  const reply = (message: FromRecorder): void => {
    if (said.push(message) === 1) setImmediate(deliver).unref();
  };
  const thread = module.exports.createRecorderThread(reply, state);
  // its own requests to the OTLP endpoint must not become spans
  const quiet = suppressTracing(ROOT_CONTEXT);
  return {
    state,
    post: (message) => context.with(quiet, () => thread.receive(message)),
    hold: () => {},
    wait(index, value) {
      thread.writeNow();
      return state[index] === value;
    },
    deliver,
    leave: () => {},
    stop: () => {},
  };
}
