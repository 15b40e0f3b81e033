/** A program that records, an assistant's server in another process, and nothing between them but the file. */
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, expect, it } from "vitest";
import { dist, startProgram, workspace } from "../sdk/program.js";

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

async function assistant(db: string) {
  const client = new Client({ name: "test", version: "1" });
  const updates: string[] = [];
  const waiting: (() => void)[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updates.push(params.uri);
    for (const wake of waiting.splice(0)) wake();
  });
  const env = process.env as Record<string, string>;
  const args = [join(dist, "cli/bin.js"), "mcp", "--db", db];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
  cleanup.push(() => client.close());
  return {
    client,
    updates,
    updated: () => (updates.length > 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))),
    async tail(args: Record<string, unknown>) {
      const { content } = await client.callTool({ name: "tail_spans", arguments: { format: "json", ...args } });
      const answer = JSON.parse((content as { text: string }[])[0]?.text ?? "{}");
      return { ...answer, names: answer.spans.map((span: { name: string }) => span.name) };
    },
  };
}

it("a span that ends in one program reaches a subscriber and a waiting tail_spans in another, also with the file's first span", async () => {
  const { db, remove } = workspace();
  cleanup.push(remove);
  const { client, updates, updated, tail } = await assistant(db);
  await client.subscribeResource({ uri: "agensight://live?service=on%20demand" });
  await client.subscribeResource({ uri: "agensight://live?service=another" });
  const first = tail({ wait_ms: 25_000 });

  const program = startProgram("on-demand.mjs", { db });
  cleanup.push(() => void program.child.kill());
  await program.message();
  program.child.send("the very first");
  const answer = await first;
  expect(answer.names).toEqual(["the very first"]);
  await updated();

  const next = tail({ wait_ms: 25_000, cursor: answer.next_cursor });
  program.child.send("the second");
  expect(await next).toMatchObject({ names: ["the second"], timed_out: false });
  expect(new Set(updates)).toEqual(new Set(["agensight://live?service=on%20demand"]));
  const { contents } = await client.readResource({ uri: "agensight://live?service=on%20demand" });
  expect((contents[0] as { text: string }).text).toMatch(/the very first.*\n.*the second/);
});
