/** A real MCP client connected to a server in the same process. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { createServer } from "../../src/mcp/server.js";
import type { ServerOptions } from "../../src/mcp/server-options.js";
import { openLiveFeed } from "../../src/store/live-feed.js";
import { now } from "./fake-reader.js";

export type Connected = {
  client: Client;
  /** the text of the single content block */
  call(name: string, args?: Record<string, unknown>): Promise<{ text: string; isError: boolean }>;
  close(): Promise<void>;
};

export async function connect(options: Partial<ServerOptions>): Promise<Connected> {
  const server = createServer({
    reader: async () => null,
    live: openLiveFeed("/data/traces.db", async () => null),
    storePath: "/data/traces.db",
    version: "0.0.0-test",
    now: () => now,
    ...options,
  });
  const client = new Client({ name: "test", version: "1" });
  const [a, b] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(a), client.connect(b)]);
  return {
    client,
    call: async (name, args = {}) => {
      const result = await client.callTool({ name, arguments: args });
      const content = result.content as { type: string; text: string }[];
      if (content.length !== 1 || content[0]?.type !== "text") throw new Error("an answer is one text block");
      return { text: content[0].text, isError: result.isError === true };
    },
    close: () => client.close(),
  };
}
