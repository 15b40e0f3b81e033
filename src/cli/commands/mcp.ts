/** `agensight mcp`: the MCP server on stdin and stdout. */
import { createServer } from "../../mcp/server.js";
import { serveStdio } from "../../mcp/stdio.js";
import { watchStore } from "../../store/current-store.js";
import { openLiveFeed } from "../../store/live-feed.js";
import { UsageError } from "../arguments.js";
import { defineCommand, storeOptions } from "../command.js";
import { startUpkeep } from "../mcp/upkeep.js";
import { engineOption, readSettings } from "../settings.js";
import { say } from "../terminal.js";
import { version } from "../version.js";

export const mcp = defineCommand({
  name: "mcp",
  summary: "answer an assistant's questions over MCP (stdin and stdout)",
  description: `
Started by an MCP host such as Claude Desktop, Claude Code, Cursor or VS Code, not by hand. The store's file need not
exist yet: it is seen when it appears. With --connect, the answers come from a running agensight serve, for hosts that
speak stdio only. Ends when the host closes stdin.`,
  options: {
    ...storeOptions,
    connect: { type: "string", value: "URL", help: "ask the agensight serve at URL, such as http://127.0.0.1:4318" },
    token: { type: "string", value: "T", help: "the token of that server (default: AGENSIGHT_TOKEN)" },
  },
  examples: [
    ["claude mcp add agensight -- npx -y agensight mcp", "connects Claude Code to the default store"],
    ["agensight mcp --db ./my-traces.db", "questions about another store"],
    ["agensight mcp --connect http://127.0.0.1:4318", "questions to a running agensight serve"],
  ],
  async run(values) {
    const settings = await readSettings(values);
    if (values.connect !== undefined) return connect(values.connect, settings.token, values.db);
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
    await Promise.race([signalled(), new Promise<void>((resolve) => void serveStdio(server, { onEnd: resolve }))]);
    upkeep.stop();
    live.close();
    store.close();
    // stdin stays open after a signal
    process.exit(0);
  },
});

async function connect(address: string, token: string | null, db: string | undefined): Promise<never> {
  if (db !== undefined) throw new UsageError("--connect asks the store of that server: leave --db out", "mcp");
  const { bridgeStdio, serverAddress } = await import("../mcp/connect.js");
  const bridged = bridgeStdio({
    url: serverAddress(address),
    token,
    input: process.stdin,
    output: process.stdout,
    say,
  });
  await Promise.race([signalled(), bridged]);
  process.exit(0);
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, resolve);
  });
}
