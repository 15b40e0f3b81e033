/** `agensight mcp` alone: a third of the code, which hosts wait for at every start. */
import { runCommand } from "./run-command.js";

/** `args`: what follows `agensight`. Never rejects. */
export function main(args: string[]): Promise<void> {
  return runCommand(args, { mcp: async () => (await import("./commands/mcp.js")).mcp });
}
