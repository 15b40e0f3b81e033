/** `agensight mcp`: the MCP server on stdin and stdout. */
import { createServer } from "../../mcp/server.js";
import { serveStdio } from "../../mcp/stdio.js";
import { watchStore } from "../../store/current-store.js";
import { openLiveFeed } from "../../store/live-feed.js";
import { defineCommand, storeOptions } from "../command.js";
import { startUpkeep } from "../mcp/upkeep.js";
import { engineOption, readSettings } from "../settings.js";
import { version } from "../version.js";

export const mcp = defineCommand({
  name: "mcp",
  summary: "answer an assistant's questions over MCP (stdin and stdout)",
  description: `
Started by an MCP host such as Claude Desktop, Claude Code, Cursor or VS Code, not by hand. The store's file need not
exist yet: it is seen when it appears. Ends when the host closes stdin.`,
  options: storeOptions,
  examples: [
    ["claude mcp add agensight -- npx -y agensight mcp", "connects Claude Code to the default store"],
    ["agensight mcp --db ./my-traces.db", "questions about another store"],
  ],
  async run(values) {
    const settings = await readSettings(values);
    const stores = () => import("../../store/stores-file.js");
    const store = watchStore(
      settings.db,
      engineOption(settings),
      () => void stores().then(({ noteStore }) => noteStore(settings.home, settings.db)),
    );
    const live = openLiveFeed(settings.db, store.reader);
    const server = createServer({
      version,
      storePath: settings.db,
      reader: store.reader,
      live,
      otherStores: async () => (await stores()).recentStores(settings.home),
    });
    let asked = 0;
    process.stdin.on("data", () => {
      asked = performance.now();
    });
    const upkeep = startUpkeep(settings.db, engineOption(settings), () => asked);
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, resolve);
      void serveStdio(server, { onEnd: resolve });
    });
    upkeep.stop();
    live.close();
    store.close();
    // stdin stays open after a signal
    process.exit(0);
  },
});
