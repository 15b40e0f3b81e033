/** A server inside of the test's process, over a store of its own. `agensight serve` itself is started in its own tests. */

import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import { limitContent } from "../../src/mcp/limited-reader.js";
import type { LogsData } from "../../src/model/otlp.js";
import type { ShownContent } from "../../src/model/shown-content.js";
import { decode, decompress } from "../../src/server/otlp/decode.js";
import type { Receiver } from "../../src/server/receiver.js";
import type { ServerContext } from "../../src/server/route.js";
import { makeRoutes, socketRoutes } from "../../src/server/routes.js";
import { type RunningServer, startServer } from "../../src/server/server.js";
import { watchStore } from "../../src/store/current-store.js";
import { openLiveFeed } from "../../src/store/live-feed.js";
import { newStorePath } from "../store/temporary-folder.js";

export type TestServer = {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** `ws://127.0.0.1:PORT` */
  wsUrl: string;
  port: number;
  path: string;
  ingest: Ingest;
  context: ServerContext;
  /** what the server told the person who started it */
  said: string[];
  running: RunningServer;
  close(): Promise<void>;
};

/** Receives on this thread. */
function directReceiver(ingest: Ingest): Receiver {
  const receipt = (result: ReturnType<Ingest["traces"]>) => ({
    accepted: result.accepted,
    rejected: result.rejected.length,
    reasons: result.rejected.map((item) => item.reason),
  });
  return {
    receive: async (body) => {
      const data = decode({ ...body, bytes: decompress(body) });
      return receipt("resourceSpans" in data ? ingest.traces(data) : ingest.logs(data as LogsData));
    },
    write: async (data) => receipt(ingest.traces(data)),
    abandon: async (spans) => ingest.abandon(spans),
    dropped: async (count) => ingest.dropped(count),
    close: async () => ingest.close(),
  };
}

export async function startTestServer({
  token = null,
  path = newStorePath(),
  port = 0,
  content = "full",
}: {
  token?: string | null;
  path?: string;
  port?: number;
  content?: ShownContent;
} = {}): Promise<TestServer> {
  const ingest = await openIngest({ path });
  const store = watchStore(path, {}, () => {});
  const reader = limitContent(store.reader, content);
  const live = openLiveFeed(path, reader);
  const said: string[] = [];
  const context: ServerContext = {
    store: { reader, live, storePath: path, version: "0.0.0" },
    live,
    receiver: directReceiver(ingest),
    say: (line) => said.push(line),
  };
  const running = await startServer({
    host: "127.0.0.1",
    port,
    hosts: [],
    token,
    context,
    routes: makeRoutes(),
    socketRoutes,
  });
  return {
    url: `http://127.0.0.1:${running.port}`,
    wsUrl: `ws://127.0.0.1:${running.port}`,
    port: running.port,
    path,
    ingest,
    context,
    said,
    running,
    async close() {
      await running.close();
      live.close();
      store.close();
      await context.receiver.close();
    },
  };
}
