/** Live events of a server's `/live`; connects again where it was when the connection is lost. */
import type { IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { AgensightError } from "../../model/error.js";
import { LiveEvent, type LiveFilter } from "../../model/live.js";
import { serverUrl } from "../../model/server-url.js";
import { watchHeartbeat } from "../../server/heartbeat.js";
import { say } from "../terminal.js";
import type { Follow } from "./source.js";

/** ms between attempts, doubled with each that fails */
const firstPause = 250;
const longestPause = 5_000;
/** ms until a server that is still away is told again */
const reminder = 60_000;
const handshakeTimeout = 10_000;
/** bytes of a frame and of a refusal's text */
const longestFrame = 4 * 1024 * 1024;
const longestRefusal = 10_000;

/** Errors: bad_argument. */
export function liveUrl(text: string, filter: LiveFilter): URL {
  const url = serverUrl(text, "/live");
  const { session_id: session, ...others } = filter;
  for (const [key, value] of Object.entries({ session, ...others }))
    if (value !== undefined) url.searchParams.set(key, value);
  return url;
}

export function followServer(url: URL, token: string | null): Follow {
  return async (tell, ended) => {
    let cursor: number | "now" = "now";
    let wait = firstPause;
    let toldAt = Number.NEGATIVE_INFINITY;
    const hear = (events: LiveEvent[]) => {
      cursor = events.at(-1)?.seq ?? cursor;
      wait = firstPause;
      toldAt = Number.NEGATIVE_INFINITY;
      tell(events.filter(({ type }) => type !== "position"));
    };
    while (!ended.aborted) {
      url.searchParams.set("cursor", String(cursor));
      const why = await connection(url, token, hear, ended);
      if (ended.aborted) return;
      if (performance.now() - toldAt >= reminder) {
        say(`${url.host}: ${why}; trying again`);
        toldAt = performance.now();
      }
      await pause(wait, undefined, { signal: ended }).catch(() => {});
      wait = Math.min(2 * wait, longestPause);
    }
  };
}

/** Resolves with the reason when the connection has ended and may be made again. */
function connection(
  url: URL,
  token: string | null,
  hear: (events: LiveEvent[]) => void,
  ended: AbortSignal,
): Promise<string> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, {
    headers,
    handshakeTimeout,
    maxPayload: longestFrame,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    let reason = "the connection was lost";
    const end = () => socket.terminate();
    ended.addEventListener("abort", end, { once: true });
    socket.once("open", () => watchHeartbeat(socket));
    socket.on("message", (data) => {
      try {
        hear(LiveEvent.array().parse(JSON.parse(String(data))));
      } catch {
        reject(new AgensightError("bad_input", `${url.host} does not speak as Agensight's /live does.`));
        socket.terminate();
      }
    });
    socket.once("unexpected-response", (_, response: IncomingMessage) => {
      refusal(response).then((refused) => {
        if (response.statusCode === 503) reason = refused.message;
        else reject(refused);
        socket.terminate();
      }, reject);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.once("close", (_, said) => {
      ended.removeEventListener("abort", end);
      resolve(said.length > 0 ? String(said) : reason);
    });
  });
}

async function refusal(response: IncomingMessage): Promise<AgensightError> {
  let body = "";
  for await (const chunk of response) {
    body += chunk;
    if (body.length > longestRefusal) break;
  }
  let said: { message?: unknown; hint?: unknown } = {};
  try {
    said = JSON.parse(body).error ?? {};
  } catch {
    // another kind of server
  }
  const status = response.statusCode ?? 0;
  const message = typeof said.message === "string" ? said.message : `The server answered with status ${status}.`;
  const hint =
    status === 401 ? "Give it with --token or AGENSIGHT_TOKEN." : typeof said.hint === "string" ? said.hint : null;
  return new AgensightError("bad_argument", message, hint === null ? {} : { hint });
}
