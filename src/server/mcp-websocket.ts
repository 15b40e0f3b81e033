/** `/ws`: MCP over WebSocket, a server for each connection. */
import { createServer } from "../mcp/server.js";
import type { SocketRoute } from "./route.js";
import { webSocketTransport } from "./websocket-transport.js";

export const mcpWebSocket: SocketRoute = {
  path: "/ws",
  protocol: "mcp",
  maxConnections: 64,
  maxPayload: 4 * 1024 * 1024,
  // the server closes with its transport
  connect: (socket, _, { store }) => createServer(store).connect(webSocketTransport(socket)),
};
