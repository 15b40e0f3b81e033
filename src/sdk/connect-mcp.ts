/** Package entry `agensight/mcp`: what a program records is seen by a running `agensight serve` while it happens. */
import { diag } from "@opentelemetry/api";
import { serverUrl } from "../model/server-url.js";
import { setEndpoint } from "./ingest-endpoint.js";

export type McpOptions = {
  /** what the server was started with, where it asks for one */
  token?: string;
};

export type McpConnection = {
  /** Sends what is waiting and ends the connection; recording goes on without it. */
  close(): void;
};

let current: McpConnection | null = null;

/**
 * Sends the spans of this program to an Agensight server too: when they start and when they end, so that what runs
 * is seen before it ends. May be called before or after `setupTracing`; a second call returns the first one's handle
 * until that is closed. Any address that the server prints will do, and `host:port`.
 *
 * While the server is away up to 20,000 spans (32 MB) wait for it. Never throws, never keeps the program alive;
 * what goes wrong is told to OpenTelemetry's `diag`.
 */
export function connectMcp(url = "ws://127.0.0.1:4318/ingest", { token }: McpOptions = {}): McpConnection {
  if (current) return current;
  const connection: McpConnection = {
    close() {
      if (current !== connection) return;
      current = null;
      setEndpoint(null);
    },
  };
  try {
    const endpoint = { url: serverUrl(url, "/ingest").href, token: token || null };
    current = connection;
    setEndpoint(endpoint);
  } catch (error) {
    diag.error("agensight: connectMcp:", error);
  }
  return connection;
}
