/** `agensight mcp --connect`: carries MCP between stdin and stdout and the WebSocket of `agensight serve`. */
import type { Readable, Writable } from "node:stream";
import { WebSocket } from "ws";
import { watchHeartbeat } from "../../server/heartbeat.js";
import { largest, openRelay } from "./relay.js";

/** ms between attempts */
const firstPause = 100;
const longestPause = 2_000;
/** ms without a server until requests are answered with what to do */
const patience = 10_000;
const handshake = 5_000;
/** ms that answers under way may take once stdin has ended */
const grace = 5_000;
const farewell = 500;
/** characters; so much is read for the id of a message that is too large, to answer it */
const longestLine = 4 * largest;

/** Why there is no connection; `lasting`: trying again does not help; `served`: it answered, and the session goes on. */
type Ending = { why: string; lasting: boolean; served: boolean };

export type BridgeSettings = {
  url: URL;
  token: string | null;
  input: Readable;
  output: Writable;
  /** a line for the person who reads the host's log */
  say(line: string): void;
};

/** Resolves when stdin has ended and what was asked is answered, or stdout is gone. Reconnects until then. */
export async function bridgeStdio({ url, token, input, output, say }: BridgeSettings): Promise<void> {
  // there may be a token in the rest of it
  const place = `${url.origin}${url.pathname}`;
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
      let opened = false;
      let broken = "";
      let failure: Omit<Ending, "served"> | undefined;
      const current = new WebSocket(url, "mcp", {
        ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
        handshakeTimeout: handshake,
        perMessageDeflate: false,
      });
      socket = current;
      watchHeartbeat(current);
      current.on("unexpected-response", (request, { statusCode = 0 }) => {
        failure = refused(statusCode);
        request.destroy();
        current.terminate();
      });
      // "close" follows
      current.on("error", (error: NodeJS.ErrnoException) => {
        broken ||= error.code ?? error.message;
      });
      current.on("open", () => {
        opened = true;
        if (finished) return current.close(1000);
        relay.connected({ send: (text) => current.send(text), fail: refuse });
      });
      current.on("message", (data) => {
        relay.fromServer(String(data));
        served ||= relay.ready();
      });
      current.on("close", (_, reason) => {
        relay.disconnected();
        const why = opened ? lost(String(reason) || broken) : unreachable(broken);
        resolve({ ...(failure ?? { why, lasting: false }), served });
      });
      function refuse(): void {
        failure = { why: `Agensight at ${place} refused to begin the session again.`, lasting: false };
        current.close(1000);
      }
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

  function lost(reason: string): string {
    return `The connection to Agensight at ${place} was lost${reason === "" ? "" : ` (${reason})`}.`;
  }

  function unreachable(reason: string): string {
    return reason === "ECONNREFUSED"
      ? `There is no Agensight at ${place}. Start it there with "agensight serve", or correct --connect.`
      : `Agensight at ${place} cannot be reached: ${reason}.`;
  }

  function refused(status: number): Omit<Ending, "served"> {
    if (status === 401)
      return { why: `Agensight at ${place} needs its token: give it with --token or AGENSIGHT_TOKEN.`, lasting: true };
    if (status === 503) return { why: `Agensight at ${place} has as many connections as it takes.`, lasting: false };
    return { why: `${place} refused the connection (HTTP ${status}): is it "agensight serve"?`, lasting: true };
  }
}

/** Lines end with LF alone: JSON may hold the other ends of lines. Of one that is too long only so much is handed on. */
function eachLine(input: Readable, take: (line: string) => void): void {
  let begun: string[] = [];
  let length = 0;
  const add = (part: string) => {
    if (part === "" || length > longestLine) return;
    begun.push(part);
    length += part.length;
  };
  input.setEncoding("utf8");
  input.on("data", (chunk: string) => {
    const [first = "", ...lines] = chunk.split("\n");
    add(first);
    for (const line of lines) {
      const whole = begun.join("");
      begun = [];
      length = 0;
      if (whole.trim() !== "") take(whole);
      add(line);
    }
  });
}
