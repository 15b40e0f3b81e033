/** The receiver as the server's thread sees it: hands requests to a thread of its own, and starts another when that one dies. */
import { Worker } from "node:worker_threads";
import { AgensightError } from "../../model/error.js";
import type { Receipt, Receiver } from "../receiver.js";
import type { FromReceiver, ReceiverConfig, ToReceiver } from "./message.js";

export type ReceiverOptions = ReceiverConfig & {
  thread: {
    /** the bundle of `worker.ts` */
    file: string;
    env: NodeJS.ProcessEnv;
  };
  /** something is on disk now */
  committed(): void;
  /** a line for the person who started the server */
  say(line: string): void;
};

/** MB. More than the largest request takes; a bound for what nobody thought of. */
const memory = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 48 };
/** ms between two starts of a thread */
const restartAfter = 500;

type Waiting = { resolve(receipt: Receipt): void; reject(error: AgensightError): void };
type Message = ToReceiver extends infer M ? (M extends { id: number } ? Omit<M, "id"> : never) : never;

/** Resolves when the store is open. Errors: those of opening it. */
export async function openReceiver({ thread, committed, say, ...config }: ReceiverOptions): Promise<Receiver> {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let closed = false;
  let worker: Worker | null = null;
  let restart: NodeJS.Timeout | undefined;

  function start(): void {
    const started = new Worker(thread.file, {
      name: "agensight receiver",
      workerData: config,
      env: thread.env,
      execArgv: [],
      resourceLimits: memory,
      // never read: what a library prints in there must not reach stdout
      stdout: true,
      stderr: true,
    });
    worker = started;
    let reason: Error | undefined;
    started.on("message", heard);
    started.on("error", (error) => {
      reason = error;
    });
    started.on("exit", () => {
      worker = null;
      giveUp();
      if (closed) return;
      say(`the receiving thread ended (${reason?.message ?? "for no reason it told"}) and is started again`);
      restart = setTimeout(start, restartAfter);
    });
  }

  function heard(message: FromReceiver): void {
    const { id } = message;
    const entry = waiting.get(id);
    waiting.delete(id);
    if (message.type === "done") {
      entry?.resolve(message.receipt);
      committed();
    } else entry?.reject(new AgensightError(message.code, message.message, message.hint ? { hint: message.hint } : {}));
  }

  /** Nothing that waited was acknowledged. */
  function giveUp(): void {
    for (const { reject } of waiting.values()) reject(notNow());
    waiting.clear();
  }

  function ask(message: Message, transfer: ArrayBuffer[] = []): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      if (closed || !worker) return reject(notNow());
      const id = ++lastId;
      // throws what cannot be handed over: nobody will answer that
      worker.postMessage({ ...message, id }, transfer);
      waiting.set(id, { resolve, reject });
    });
  }

  start();
  await ask({ type: "open" }).catch(async (error) => {
    closed = true;
    clearTimeout(restart);
    await worker?.terminate();
    throw error;
  });
  return {
    receive: (body) => ask({ type: "body", body }, [body.bytes.buffer]),
    write: (data) => ask({ type: "data", data }),
    async abandon(spans) {
      await ask({ type: "abandon", spans });
    },
    async dropped(count) {
      await ask({ type: "dropped", count });
    },
    async close() {
      if (closed) return;
      const last = ask({ type: "close" });
      closed = true;
      clearTimeout(restart);
      await last.catch(() => {});
      await worker?.terminate();
    },
  };
}

function notNow(): AgensightError {
  return new AgensightError("busy", "Nothing can be written right now.", { hint: "Send it again in a moment." });
}
