/** `agensight mcp`: the MCP server on stdin and stdout. */
import { createServer } from "../../mcp/server.js";
import type { ServerOptions } from "../../mcp/server-options.js";
import { serveStdio } from "../../mcp/stdio.js";
import { serverUrl } from "../../model/server-url.js";
import { openLiveFeed } from "../../store/live-feed.js";
import { portNumber, UsageError } from "../arguments.js";
import { contentOption, defineCommand, redactionOption, storeOptions } from "../command.js";
import { startUpkeep } from "../mcp/upkeep.js";
import { contentFor, engineOption, knownToken, readSettings } from "../settings.js";
import { watchShownStore } from "../shown-store.js";
import { say } from "../terminal.js";
import { version } from "../version.js";

/** ms after the host's first message */
const afterHandshake = 250;

export const mcp = defineCommand({
  name: "mcp",
  summary: "answer an assistant's questions over MCP (stdin and stdout)",
  description: `
Started by an MCP host such as Claude Desktop, Claude Code, Cursor or VS Code, not by hand. The store's file need not
exist yet: it is seen when it appears. With --connect, the answers come from a running agensight serve, for hosts that
speak stdio only. With --otlp, spans that programs on this machine send are received beside it; the port is opened
after the host's first message. Ends when the host closes stdin.`,
  options: {
    ...storeOptions,
    connect: { type: "string", value: "URL", help: "ask the agensight serve at URL, such as http://127.0.0.1:4318" },
    token: {
      type: "string",
      value: "TOKEN",
      help: "the token of that server, or of what --otlp opens (default: AGENSIGHT_TOKEN)",
    },
    otlp: {
      type: "string",
      value: "[PORT]",
      absent: "4318",
      help: "also receive spans of programs on this machine, if the port is free (default: 4318)",
    },
    ...redactionOption,
    ...contentOption,
  },
  examples: [
    ["claude mcp add agensight -- npx -y agensight mcp", "connects Claude Code to the default store"],
    ["agensight mcp --db ./my-traces.db", "questions about another store"],
    ["agensight mcp --otlp", "also receives what programs on this machine send to http://127.0.0.1:4318"],
    ["agensight mcp --connect http://127.0.0.1:4318", "questions to a running agensight serve"],
  ],
  async run(values) {
    const settings = await readSettings(values);
    const otlpPort = values.otlp === undefined ? null : portNumber(values.otlp, "mcp");
    if (values.connect !== undefined) {
      if (values.db !== undefined)
        throw new UsageError("--connect asks the store of that server: leave --db out", "mcp");
      for (const name of ["content", "redact"] as const)
        if (values[name] !== undefined)
          throw new UsageError(`--connect shows what that server shows: give --${name} to agensight serve`, "mcp");
      return connect(values.connect, knownToken(settings));
    }
    const token = otlpPort === null ? null : knownToken(settings);
    const stores = () => import("../../store/stores-file.js");
    const store = watchShownStore(
      settings,
      contentFor(settings, "this machine"),
      () => void stores().then(({ noteStore }) => noteStore(settings.home, settings.db)),
    );
    const { reader } = store;
    const live = openLiveFeed(settings.db, reader);
    const options: ServerOptions = {
      version,
      storePath: settings.db,
      reader,
      live,
      otherStores: async () => (await stores()).recentStores(settings.home),
    };
    const server = createServer(options);
    let asked = 0;
    process.stdin.on("data", () => {
      asked = performance.now();
    });
    let receiving: Promise<() => Promise<void>> | undefined;
    const receive = async (port: number) =>
      (await import("../mcp/otlp.js")).receiveOtlp(settings, token, port, options);
    // the host waits for the first answer
    if (otlpPort !== null)
      process.stdin.once("data", () =>
        setTimeout(() => {
          receiving = receive(otlpPort);
        }, afterHandshake).unref(),
      );
    const upkeep = startUpkeep(settings.db, engineOption(settings), () => asked);
    await Promise.race([signalled(), new Promise<void>((resolve) => void serveStdio(server, { onEnd: resolve }))]);
    upkeep.stop();
    await (await receiving)?.();
    live.close();
    store.close();
    // stdin stays open after a signal
    process.exit(0);
  },
});

async function connect(address: string, token: string | null): Promise<never> {
  const { bridgeStdio } = await import("../mcp/connect.js");
  const bridged = bridgeStdio({
    url: serverUrl(address, "/ws"),
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
