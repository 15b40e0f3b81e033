/** What answers at an address of the server. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import type { ServerOptions } from "../mcp/server-options.js";
import type { LiveFeed } from "../store/live-feed.js";
import type { HttpError } from "./http-error.js";
import type { Receiver } from "./receiver.js";

/** What routes work with. */
export type ServerContext = {
  /** how the store is asked, by MCP and by everyone else */
  store: ServerOptions;
  live: LiveFeed;
  receiver: Receiver;
  /** a line for the person who started the server; never recorded text, never a token */
  say(line: string): void;
};

export type Route = {
  path: string;
  methods: string[];
  /** answers without a token: only what tells nothing of what was recorded */
  open?: boolean;
  /** What it throws becomes an error answer: see `http-error.ts`. */
  handle(request: IncomingMessage, response: ServerResponse, context: ServerContext): Promise<void> | void;
  /** for routes whose protocol has errors of its own */
  sendError?(response: ServerResponse, error: HttpError): void;
  /** ends what is still open when the server stops */
  close?(): Promise<void> | void;
};

export type SocketRoute = {
  path: string;
  /** the subprotocol that a client must offer */
  protocol?: string;
  /** connections at a time */
  maxConnections: number;
  /** bytes of one message */
  maxPayload: number;
  /** Refuses the upgrade with the AgensightError that it throws; sees to what must be ready before the client hears that it is connected. */
  check?(url: URL, context: ServerContext): Promise<void>;
  /** Once, when the server listens. Returns what ends it. */
  start?(context: ServerContext): () => void;
  /** `url`: as asked, with its query. The socket is closed with 1011 when this throws. */
  connect(socket: WebSocket, url: URL, context: ServerContext): Promise<void> | void;
};
