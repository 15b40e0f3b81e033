// Real MCP clients on the built command.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import { WebSocket } from "ws";

/** Starts the command with these arguments and speaks to it over stdio: {client, close}. */
export async function openClient(args) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ["dist/cli/bin.js", ...args],
    stderr: "inherit",
    env: { ...process.env },
  });
  return connected(transport);
}

/** Speaks to a server over WebSocket: {client, close}. */
export function openWebSocketClient(url) {
  globalThis.WebSocket ??= WebSocket;
  return connected(new WebSocketClientTransport(new URL(url)));
}

async function connected(transport) {
  const client = new Client({ name: "agensight-bench", version: "0" });
  await client.connect(transport);
  return { client, close: () => client.close() };
}

/** Starts `agensight mcp` on a store: {ask, askJson, ping, listTools, close}. `ask` gives the answer's text. */
export async function connect(db) {
  const { client, close } = await openClient(["mcp", "--db", db]);
  const ask = async (name, args = {}) => {
    const result = await client.callTool({ name, arguments: args });
    const text = result.content.map((block) => block.text ?? "").join("");
    if (result.isError) throw new Error(`${name} ${JSON.stringify(args)}: ${text}`);
    return text;
  };
  return {
    ask,
    askJson: async (name, args = {}) => JSON.parse(await ask(name, { ...args, format: "json" })),
    ping: () => client.ping(),
    listTools: async () => (await client.listTools()).tools,
    close,
  };
}
