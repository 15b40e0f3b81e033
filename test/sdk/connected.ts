/** A program that is connected to a server and does what it is told; what the server sees of it. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Change } from "../../src/model/live.js";
import type { LiveFeed } from "../../src/store/live-feed.js";
import { type Ended, type ProgramOptions, startProgram } from "./program.js";

export type Connected = {
  child: ReturnType<typeof startProgram>["child"];
  /** Resolves with the answer, when it has been done. */
  tell(...command: [name: string, ...args: unknown[]]): Promise<unknown>;
  /** For commands that end the program. */
  send(...command: [name: string, ...args: unknown[]]): void;
  /** Waits until its diag has told this. */
  said(text: string): Promise<void>;
  ended: Promise<Ended>;
};

export async function startConnected(url: string, options: object = {}, more: ProgramOptions = {}): Promise<Connected> {
  const { child, message, ended } = startProgram("connected.mjs", { args: [url, JSON.stringify(options)], ...more });
  let errors = "";
  child.stderr?.on("data", (data) => (errors += data));
  await message();
  const send: Connected["send"] = (...command) => void child.send(command);
  return {
    child,
    send,
    ended,
    async said(text) {
      while (!errors.includes(text)) await once(child.stderr as NodeJS.ReadableStream, "data");
    },
    tell: async (...command) => {
      send(...command);
      return message();
    },
  };
}

/** What `feed` tells, as `type name` in order. */
export async function watch(feed: LiveFeed) {
  const seen: Change[] = [];
  let wake = () => {};
  await feed.listen((batch) => {
    seen.push(...batch.changes);
    wake();
  });
  return {
    seen,
    names: () => seen.map(({ type, span }) => `${type} ${span.name}`),
    /** Waits until it was told that this happened, `count` times. */
    async until(happened: string | ((change: Change) => boolean), count = 1): Promise<Change> {
      const matches = ({ type, span }: Change) => `${type} ${span.name}` === happened;
      const test = typeof happened === "string" ? matches : happened;
      while (seen.filter(test).length < count) await new Promise<void>((resolve) => (wake = resolve));
      return seen.find(test) as Change;
    },
  };
}

/** A way to the server that can be cut; while it is, nobody answers at its address. */
export async function startWay(to: () => number) {
  const sockets = new Set<Socket>();
  let answers = true;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  };
  const make = () =>
    createServer((socket) => {
      keep(socket);
      const onward = connect(to(), "127.0.0.1");
      keep(onward);
      socket.pipe(onward);
      onward.on("data", (chunk) => void (answers && socket.write(chunk)));
      socket.on("close", () => onward.destroy());
      onward.on("close", () => socket.destroy());
    });
  let server = make().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    /** What the server says does not arrive any more. */
    swallow: () => {
      answers = false;
    },
    async cut() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async mend() {
      answers = true;
      server = make().listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
