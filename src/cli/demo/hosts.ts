/** What to tell an MCP host so that it starts `agensight mcp` on a store. */
import { shellQuote } from "../shell.js";

/** Absolute paths throughout: hosts start commands with another PATH and in another folder. */
export type ServerCommand = { command: string; args: string[] };

/** `bin`: the command's file. */
export function serverCommand(bin: string, db: string): ServerCommand {
  return { command: process.execPath, args: [bin, "mcp", "--db", db] };
}

/** How to connect the hosts that people use. */
export function hostInstructions(server: ServerCommand): string {
  const json = (value: unknown) => JSON.stringify(value, null, 2);
  return `Claude Code
  claude mcp add agensight -- ${[server.command, ...server.args].map(shellQuote).join(" ")}

Claude Desktop (claude_desktop_config.json), Cursor (~/.cursor/mcp.json)
${indent(json({ mcpServers: { agensight: server } }))}

VS Code (.vscode/mcp.json)
${indent(json({ servers: { agensight: { type: "stdio", ...server } } }))}`;
}

const indent = (text: string) => text.replace(/^/gm, "  ");
