/** Asks the store questions as an assistant does: a real MCP client, `agensight mcp` as its child. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ServerCommand } from "./hosts.js";

/** What a person asks, and the call that an assistant makes of it. */
export type Question = { words: string; tool: string; arguments(earlier: string[]): Record<string, unknown> };

export type Answered = { words: string; tool: string; arguments: Record<string, unknown>; answer: string };

/** Asks in order; each question sees the answers before it. */
export async function* ask(server: ServerCommand, version: string, questions: Question[]): AsyncGenerator<Answered> {
  const client = new Client(
    { name: "agensight-demo", version },
    {
      // our answers have no output schema; without this the SDK builds a validator
      jsonSchemaValidator: {
        getValidator: () => {
          throw new Error("no output schema");
        },
      },
    },
  );
  await client.connect(new StdioClientTransport({ ...server, env: agensightEnvironment(), stderr: "inherit" }));
  try {
    const answers: string[] = [];
    for (const question of questions) {
      const args = question.arguments(answers);
      const result = await client.callTool({ name: question.tool, arguments: args });
      const answer = (result.content as { type: string; text?: string }[]).map((part) => part.text ?? "").join("\n");
      if (result.isError) throw new Error(`${question.tool} failed: ${answer}`);
      answers.push(answer);
      yield { words: question.words, tool: question.tool, arguments: args, answer };
    }
  } finally {
    await client.close();
  }
}

/** The SDK's client hands no variables on but PATH, HOME and their like. */
function agensightEnvironment(): Record<string, string> {
  const ours = Object.entries(process.env).filter(([name]) => name.startsWith("AGENSIGHT_"));
  return { ...getDefaultEnvironment(), ...(Object.fromEntries(ours) as Record<string, string>) };
}
