/** `/live`: what happens to spans, as arrays of events over a WebSocket. */
import type { ServerContext, SocketRoute } from "../route.js";
import { type LiveHub, openLiveHub } from "./hub.js";
import { readLiveQuery } from "./query.js";

const hubs = new WeakMap<ServerContext, LiveHub>();

function hubOf(context: ServerContext): LiveHub {
  const hub = hubs.get(context) ?? openLiveHub(context);
  hubs.set(context, hub);
  return hub;
}

export const liveRoute: SocketRoute = {
  path: "/live",
  maxConnections: 256,
  maxPayload: 1024,
  async check(url, context) {
    readLiveQuery(url);
    // opened before the client hears that it is connected: it is told of all that happens from then on
    await context.store.reader();
  },
  connect(socket, url, context) {
    socket.on("message", () => socket.close(1008, "this stream takes no messages: ask in the address"));
    return hubOf(context).join(socket, readLiveQuery(url));
  },
};
