/** MCP clients of the official SDK, over each transport. */
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { WebSocket } from "ws";

// Node 20 has none
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const bin = join(process.env.AGENSIGHT_DIST ?? "dist", "cli/bin.js");

export async function connectClient(transport: Transport): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  return client;
}

export const overStdio = (args: string[], env: Record<string, string> = {}) =>
  connectClient(
    new StdioClientTransport({
      command: process.execPath,
      args: [bin, "mcp", ...args],
      env: { ...(process.env as Record<string, string>), ...env },
      stderr: "inherit",
    }),
  );

export const overWebSocket = (wsUrl: string) => connectClient(new WebSocketClientTransport(new URL("/ws", wsUrl)));

// the SDK declares its sessionId without exactOptionalPropertyTypes
export const overHttp = (url: string, requestInit: RequestInit = {}) =>
  connectClient(new StreamableHTTPClientTransport(new URL("/mcp", url), { requestInit }) as Transport);
