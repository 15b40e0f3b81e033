/** A client of a server over a store that is being written, and how many listen to its feed. */
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import type { ServerOptions } from "../../src/mcp/server-options.js";
import { watchStore } from "../../src/store/current-store.js";
import { openLiveFeed } from "../../src/store/live-feed.js";
import { newStorePath } from "../store/temporary-folder.js";
import { type Connected, connect } from "./client.js";

export type LiveStore = {
  path: string;
  ingest: Ingest;
  connect(options?: Partial<ServerOptions>): Promise<Connected>;
  listeners(): number;
  close(): Promise<void>;
};

export async function liveStore(): Promise<LiveStore> {
  const path = newStorePath();
  const ingest = await openIngest({ path });
  const store = watchStore(path, {}, () => {});
  const feed = openLiveFeed(path, store.reader);
  let listeners = 0;
  const live: ServerOptions["live"] = {
    ...feed,
    async listen(...args) {
      const listening = await feed.listen(...args);
      listeners++;
      let stopped = false;
      return {
        ...listening,
        stop() {
          if (!stopped) listeners--;
          stopped = true;
          listening.stop();
        },
      };
    },
  };
  const connected: Connected[] = [];
  return {
    path,
    ingest,
    listeners: () => listeners,
    async connect(options = {}) {
      const mcp = await connect({ reader: store.reader, live, storePath: path, now: Date.now, ...options });
      connected.push(mcp);
      return mcp;
    },
    async close() {
      for (const mcp of connected) await mcp.close();
      feed.close();
      store.close();
      ingest.close();
    },
  };
}
