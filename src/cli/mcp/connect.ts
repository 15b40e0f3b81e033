/** `agensight mcp --connect`: carries MCP between stdin and stdout and the WebSocket of `agensight serve`. */
import type { Readable, Writable } from "node:stream";
import { WebSocket } from "ws";
import { AgensightError } from "../../model/error.js";
import { watchHeartbeat } from "../../server/heartbeat.js";
import { openRelay } from "./relay.js";

/** ms between attempts */
const firstPause = 100;
const longestPause = 2_000;
/** ms without a server until requests are answered with what to do */
const patience = 10_000;
const handshake = 5_000;
/** ms that answers under way may take once stdin has ended */
const grace = 5_000;
const farewell = 500;

/** Why there is no connection; `lasting`: trying again does not help. */
type Ending = { why: string; lasting: boolean; served: boolean };

export type BridgeSettings = {
  url: URL;
  token: string | null;
  input: Readable;
  output: Writable;
  /** a line for the person who reads the host's log */
  say(line: string): void;
};

/** `http://host:port`, `ws://host:port`, with or without a path; `/ws` where there is none. Errors: bad_argument. */
export function serverAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const protocol = { "http:": "ws:", "ws:": "ws:", "https:": "wss:", "wss:": "wss:" }[url?.protocol ?? ""];
  if (!url || !protocol || url.username || url.search || url.hash)
    throw new AgensightError("bad_argument", "--connect needs the address of an Agensight server", {
      hint: "Write it as http://127.0.0.1:4318; a token goes into --token or AGENSIGHT_TOKEN.",
    });
  url.protocol = protocol;
  if (url.pathname === "/") url.pathname = "/ws";
  return url;
}

/** Resolves when stdin has ended and what was asked is answered, or stdout is gone. Reconnects until then. */
export async function bridgeStdio({ url, token, input, output, say }: BridgeSettings): Promise<void> {
  let ended = false;
  let finished = false;
  let socket: WebSocket | undefined;
  let hurry = () => {};
  const relay = openRelay(
    (text) => {
      if (!output.write(`${text}\n`)) socket?.pause();
    },
    () => {
      if (ended) finish();
    },
  );
  const finish = () => {
    finished = true;
    socket?.close(1000);
    setTimeout(() => socket?.terminate(), farewell).unref();
    hurry();
  };
  const endOfInput = () => {
    if (ended) return;
    ended = true;
    if (relay.waiting() === 0) return finish();
    setTimeout(finish, grace).unref();
  };
  eachLine(input, (line) => {
    relay.fromClient(line);
    hurry();
  });
  input.on("end", endOfInput).on("close", endOfInput);
  // EPIPE: the client is gone, nobody will read an answer
  output.on("error", finish).on("drain", () => socket?.resume());

  let away = performance.now();
  let pause = firstPause;
  let told = "";
  while (!finished) {
    const { why, lasting, served } = await connection();
    if (finished) break;
    if (served) {
      away = performance.now();
      pause = firstPause;
    }
    if (why !== told) say(why);
    told = served ? "" : why;
    if (lasting || performance.now() - away >= patience) relay.giveUp(why);
    await rest(pause);
    pause = Math.min(pause * 2, longestPause);
  }
  relay.giveUp("The bridge to the server ended before the answer came.");
  await new Promise<void>((resolve) => output.write("", () => resolve()));

  /** One connection, from the attempt to its end. */
  function connection(): Promise<Ending> {
    return new Promise((resolve) => {
      let served = false;
      let failure: Omit<Ending, "served"> | undefined;
      const current = new WebSocket(url, "mcp", {
        ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
        handshakeTimeout: handshake,
        perMessageDeflate: false,
      });
      socket = current;
      watchHeartbeat(current);
      current.on("unexpected-response", (request, { statusCode = 0 }) => {
        failure = refused(url, statusCode);
        request.destroy();
        current.terminate();
      });
      // "close" follows
      current.on("error", () => {});
      current.on("open", () => {
        if (finished) return current.close(1000);
        relay.connected({ send: (text) => current.send(text), fail: () => current.close(1000) });
      });
      current.on("message", (data) => {
        served = true;
        relay.fromServer(String(data));
      });
      current.on("close", (_, reason) => {
        relay.disconnected();
        const lost = `The connection to Agensight at ${url.href} was lost${reason.length ? ` (${reason})` : ""}.`;
        resolve({ ...(failure ?? { why: served ? lost : missing(url), lasting: false }), served });
      });
    });
  }

  /** Ends early when something is asked: the server may just have been started. */
  function rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      hurry = () => {
        hurry = () => {};
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function missing(url: URL): string {
  return `There is no Agensight at ${url.href}. Start it there with "agensight serve", or correct --connect.`;
}

function refused(url: URL, status: number): Omit<Ending, "served"> {
  if (status === 401)
    return { why: `Agensight at ${url.href} needs its token: give it with --token or AGENSIGHT_TOKEN.`, lasting: true };
  if (status === 503) return { why: `Agensight at ${url.href} has as many connections as it takes.`, lasting: false };
  return { why: `${url.href} refused the connection (HTTP ${status}): is it "agensight serve"?`, lasting: true };
}

/** Lines end with LF alone: JSON may hold the other ends of lines. */
function eachLine(input: Readable, take: (line: string) => void): void {
  let begun: string[] = [];
  input.setEncoding("utf8");
  input.on("data", (chunk: string) => {
    const lines = chunk.split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      const whole = [...begun, line].join("");
      begun = [];
      if (whole.trim() !== "") take(whole);
    }
    if (last !== "") begun.push(last);
  });
}
