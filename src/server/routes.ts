/** Everything that `agensight serve` answers to. */
import { health } from "./health.js";
import { ingestSocket } from "./ingest-socket.js";
import { liveRoute } from "./live/route.js";
import { mcpHttp } from "./mcp-http.js";
import { mcpWebSocket } from "./mcp-websocket.js";
import { otlpRoutes } from "./otlp/routes.js";
import type { Route, SocketRoute } from "./route.js";

/** For one server: some keep sessions. */
export const makeRoutes = (): Route[] => [health, ...otlpRoutes, mcpHttp()];

export const socketRoutes: SocketRoute[] = [mcpWebSocket, liveRoute, ingestSocket];
