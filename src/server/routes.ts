/** Everything that `agensight serve` answers to. */
import { health } from "./health.js";
import type { Route, SocketRoute } from "./route.js";

export const routes: Route[] = [health];

export const socketRoutes: SocketRoute[] = [];
