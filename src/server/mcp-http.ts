/** `/mcp`: MCP over Streamable HTTP, a server for each session. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { createServer } from "../mcp/server.js";
import { AgensightError } from "../model/error.js";
import { retryAfter, sendJson } from "./http-error.js";
import { jsonRpcError, parseJson } from "./json-rpc.js";
import { readBody } from "./read-body.js";
import type { Route, ServerContext } from "./route.js";

const maxSessions = 64;
/** ms without a request or an open stream */
const idleEnd = 30 * 60_000;
/** ms after which an open stream alone keeps no place that others need: its client may be long gone */
const streamAlone = 5 * 60_000;
/** bytes */
const maxBody = 4 * 1024 * 1024;
const tooSlow = 2 * 1024 * 1024;
/** ms between two pieces of a body */
const longestPause = 10_000;
/** ms that requests under way may take when the server stops */
const closeGrace = 1_000;

type Session = {
  /** `body`: the parsed one of a POST */
  handle(request: IncomingMessage, response: ServerResponse, body?: unknown): Promise<void>;
  /** requests under way and open streams */
  open: number;
  /** Ends its streams; requests under way are answered first, within a bound. */
  close(): Promise<void>;
  /** requests under way alone */
  asking: number;
  /** ms of `performance.now()` */
  used: number;
};

/** The sessions are of one listener. */
export function mcpHttp(): Route {
  const sessions = new Map<string, Session>();
  let stopping = false;

  return {
    path: "/mcp",
    methods: ["POST", "GET", "DELETE"],
    async handle(request, response, context) {
      const id = request.headers["mcp-session-id"];
      const session = typeof id === "string" ? sessions.get(id) : undefined;
      if (id !== undefined && !session)
        return sendJson(response, 404, jsonRpcError(-32001, "Session not found: it has ended. Initialize again."));
      if (request.method !== "POST") {
        if (session) return session.handle(request, response);
        return sendJson(response, 400, jsonRpcError(-32000, "The header Mcp-Session-Id is needed."));
      }
      const body = await readBody(request, { bytes: maxBody, pause: longestPause });
      const parsed = parseJson(Buffer.from(body.bytes.buffer, 0, body.bytes.length).toString("utf8"));
      body.release();
      if ("error" in parsed) return sendJson(response, 400, parsed.error);
      if (session) return session.handle(request, response, parsed.json);
      if (!isInitializeRequest(parsed.json))
        return sendJson(
          response,
          400,
          jsonRpcError(-32000, "The header Mcp-Session-Id is needed, or an initialize request."),
        );
      if (stopping) throw new AgensightError("busy", "The server stops.");
      await makeRoom();
      await (await openSession(context)).handle(request, response, parsed.json);
    },
    sendError(response, { status, message, hint }) {
      if (response.headersSent) return void response.destroy();
      const wait = retryAfter(status);
      if (wait !== null) response.setHeader("retry-after", wait);
      sendJson(response, status, jsonRpcError(-32000, hint === null ? message : `${message} ${hint}`));
    },
    async close() {
      stopping = true;
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };

  /** Clients often go without ending their session, so that the one longest unused makes room. */
  async function makeRoom(): Promise<void> {
    while (sessions.size >= maxSessions) {
      const silent = performance.now() - streamAlone;
      const [oldest] = [...sessions.values()]
        .filter(({ open, asking, used }) => open === 0 || (asking === 0 && used < silent))
        .sort((a, b) => a.used - b.used);
      if (!oldest)
        throw new AgensightError("busy", `There are ${maxSessions} sessions already.`, {
          hint: "End one by DELETE, or close its stream.",
        });
      await oldest.close();
    }
  }

  async function openSession(context: ServerContext): Promise<Session> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, session),
      maxRequestBodySize: maxBody,
    });
    const server = createServer(context.store);
    const watch = watchStream(transport);
    let timer: NodeJS.Timeout | undefined;
    let answered = () => {};
    const session: Session = {
      open: 0,
      asking: 0,
      used: performance.now(),
      async handle(request, response, body) {
        clearTimeout(timer);
        const asks = request.method === "GET" ? 0 : 1;
        session.open++;
        session.asking += asks;
        session.used = performance.now();
        response.once("close", () => {
          session.open--;
          session.asking -= asks;
          session.used = performance.now();
          if (session.open > 0) return;
          answered();
          // refused by the SDK: it never became one
          if (transport.sessionId === undefined) return void server.close();
          timer = setTimeout(() => void server.close(), idleEnd).unref();
        });
        if (request.method === "GET") watch(response);
        await transport.handleRequest(request, response, body);
      },
      async close() {
        transport.closeStandaloneSSEStream();
        if (session.open > 0)
          await new Promise<void>((resolve) => {
            answered = resolve;
            setTimeout(resolve, closeGrace).unref();
          });
        await server.close();
      },
    };
    server.onclose = () => {
      clearTimeout(timer);
      sessions.delete(transport.sessionId ?? "");
    };
    // its callbacks are declared without exactOptionalPropertyTypes
    await server.connect(transport as Transport);
    return session;
  }
}

/** Cuts off a GET stream that is not read: the SDK would keep what it sends without bound. */
function watchStream(transport: StreamableHTTPServerTransport): (stream: ServerResponse) => void {
  let current: ServerResponse | undefined;
  let unread = 0;
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    if (current && options?.relatedRequestId === undefined && "method" in message) {
      unread = current.writableNeedDrain ? unread + JSON.stringify(message).length : 0;
      if (unread > tooSlow) current.destroy();
    }
    await send(message, options);
  };
  return (stream) => {
    // a second one is refused
    if (current && !current.closed) return;
    current = stream;
    unread = 0;
  };
}
