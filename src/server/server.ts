/** One listener for everything: finds the route of a request and lets in who may come in. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { createGuard, type GuardOptions } from "./guard.js";
import { watchHeartbeat } from "./heartbeat.js";
import { type HttpError, httpError, retryAfter, sendError } from "./http-error.js";
import type { Route, ServerContext, SocketRoute } from "./route.js";

export type ServerSettings = GuardOptions & {
  host: string;
  /** 0: any free one */
  port: number;
  context: ServerContext;
  routes: Route[];
  socketRoutes: SocketRoute[];
};

export type RunningServer = {
  port: number;
  /** Lets nobody in any more, ends connections, and resolves when requests under way have been answered. */
  close(): Promise<void>;
};

/** TCP connections of all kinds; more are closed at once. */
const maxConnections = 1024;
/** ms */
const headersTimeout = 10_000;
const requestTimeout = 60_000;
const closeGrace = 3_000;

/** Rejects with the system's error (EADDRINUSE, EACCES …) when the address cannot be had. */
export async function startServer({
  host,
  port,
  context,
  routes,
  socketRoutes,
  ...guardOptions
}: ServerSettings): Promise<RunningServer> {
  const guard = createGuard(guardOptions);
  const server = createHttpServer({
    headersTimeout,
    requestTimeout,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 65_000,
  });
  server.maxConnections = maxConnections;
  const underWay = new Set<ServerResponse>();
  let closing = false;

  server.on("request", (request, response) => {
    const url = urlOf(request);
    const route = routes.find((candidate) => candidate.path === url?.pathname);
    const fail = route?.sendError ?? sendError;
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
    if (closing) response.setHeader("connection", "close");
    answer(request, response, url, route).catch((error) => {
      const found = error instanceof Refused ? error.answer : httpError(error);
      if (found.code === "internal") context.say(`a request failed: ${String(error)}`);
      if (found.status === 401 && !response.headersSent) response.setHeader("www-authenticate", "Bearer");
      fail(response, found);
    });
  });
  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL | null,
    route: Route | undefined,
  ): Promise<void> {
    const refusal = url ? guard(request, url, route?.open === true) : badRequest;
    if (refusal) throw new Refused(refusal.status, refusal.message);
    if (!route) throw new Refused(404, `There is nothing at ${url?.pathname}.`);
    if (!route.methods.includes(request.method ?? "")) {
      response.setHeader("allow", route.methods.join(", "));
      throw new Refused(405, `${route.path} answers to ${route.methods.join(", ")}.`);
    }
    await route.handle(request, response, context);
  }

  const sockets = new Map(socketRoutes.map((route) => [route.path, { route, server: webSocketServer(route) }]));
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (request, socket, head) => {
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return answerAnyway(server, request, socket, head);
    // from here on no timeout and no list of the HTTP server knows the socket
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    socket.on("error", () => socket.destroy());
    admit(request, socket, head).catch((error) => {
      if (httpError(error).code === "internal") context.say(`a WebSocket was refused: ${String(error)}`);
      refuseUpgrade(socket, httpError(error));
    });
  });
  async function admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = urlOf(request);
    const found = url && sockets.get(url.pathname);
    const refusal = url ? guard(request, url, false) : badRequest;
    if (refusal) return refuseUpgrade(socket, errorOf(refusal.status, refusal.message));
    if (!url || !found) return refuseUpgrade(socket, errorOf(404, "There is no WebSocket at this address."));
    const { route, server: accept } = found;
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (route.protocol !== undefined && !offered.includes(route.protocol))
      return refuseUpgrade(socket, errorOf(400, `The WebSocket subprotocol ${route.protocol} is needed.`));
    if (route.check) await route.check(url, context);
    // it may have come while the server was told to stop
    if (!server.listening) return void socket.destroy();
    if (accept.clients.size >= route.maxConnections)
      return refuseUpgrade(socket, errorOf(503, `There are ${route.maxConnections} connections already.`));
    accept.handleUpgrade(request, socket, head, (connection) => welcome(connection, route, url));
  }
  function welcome(connection: WebSocket, route: SocketRoute, url: URL): void {
    // a broken frame closes the connection with its reason; nobody else needs to know
    connection.on("error", () => {});
    watchHeartbeat(connection);
    (async () => route.connect(connection, url, context))().catch((error) => {
      context.say(`a connection to ${route.path} failed: ${String(error)}`);
      connection.close(1011, "internal error");
    });
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  server.on("error", (error) => context.say(`the listener failed: ${error.message}`));
  const started = socketRoutes.map((route) => route.start?.(context));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      closing = true;
      for (const end of started) end?.();
      for (const response of underWay) if (!response.headersSent) response.setHeader("connection", "close");
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { server: accept } of sockets.values())
        for (const connection of accept.clients) connection.close(1001, "the server stops");
      await Promise.all(routes.map((route) => route.close?.()));
      server.closeIdleConnections();
      setTimeout(() => {
        for (const socket of upgraded) socket.destroy();
        server.closeAllConnections();
      }, closeGrace).unref();
      await closed;
    },
  };
}

function webSocketServer({ maxPayload, protocol }: SocketRoute): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    ...(protocol === undefined ? {} : { handleProtocols: () => protocol }),
  });
}

const badRequest = { status: 400, message: "The address cannot be read." } as const;

/** null: no address at all. */
function urlOf(request: IncomingMessage): URL | null {
  try {
    return new URL(request.url ?? "/", "http://server");
  } catch {
    return null;
  }
}

/** Thrown where a request is not let through to a route. */
class Refused extends Error {
  readonly answer: HttpError;
  constructor(status: number, message: string) {
    super(message);
    this.answer = errorOf(status, message);
  }
}

const codes: Record<number, string> = { 400: "bad_argument", 404: "not_found" };

function errorOf(status: number, message: string): HttpError {
  return { status, code: codes[status] ?? "refused", message, hint: null };
}

function refuseUpgrade(socket: Duplex, { status, code, message, hint }: HttpError): void {
  const body = JSON.stringify({ error: { code, message, hint } });
  const wait = retryAfter(status);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ["www-authenticate: Bearer"] : []),
    ...(wait !== null ? [`retry-after: ${wait}`] : []),
  ];
  // a peer that keeps its half open would hold the connection for ever
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

/**
 * Another protocol was offered, such as HTTP/2 by Java's client: it may be ignored (RFC 9110, 7.8), so that the request
 * is read once more without the offer.
 */
function answerAnyway(
  server: Server,
  { method, url, rawHeaders }: IncomingMessage,
  socket: Duplex,
  rest: Buffer,
): void {
  const offer = new Set(["upgrade", "connection", "http2-settings"]);
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!offer.has(rawHeaders[i]?.toLowerCase() ?? "")) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), rest]));
  server.emit("connection", socket);
}
