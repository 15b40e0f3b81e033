// A real MCP client over stdio on the built command.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

/** Starts `agensight mcp` on a store: {ask, askJson, ping, listTools, close}. `ask` gives the answer's text. */
export async function connect(db) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ["dist/cli/bin.js", "mcp", "--db", db],
    stderr: "inherit",
    env: { ...process.env },
  });
  const client = new Client({ name: "agensight-bench", version: "0" });
  await client.connect(transport);
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
    close: () => client.close(),
  };
}
