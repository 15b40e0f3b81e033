/** The command with all it can do. */
import { runCommand } from "./run-command.js";

/** `args`: what follows `agensight`. Never rejects. */
export function main(args: string[]): Promise<void> {
  return runCommand(args, {
    mcp: async () => (await import("./commands/mcp.js")).mcp,
    serve: async () => (await import("./commands/serve.js")).serve,
    demo: async () => (await import("./commands/demo.js")).demo,
    tail: async () => (await import("./commands/tail.js")).tail,
    import: async () => (await import("./commands/import.js")).importCommand,
    export: async () => (await import("./commands/export.js")).exportCommand,
    check: async () => (await import("./commands/check.js")).check,
    doctor: async () => (await import("./commands/doctor.js")).doctor,
    redact: async () => (await import("./commands/redact.js")).redact,
    prune: async () => (await import("./commands/prune.js")).prune,
    reprice: async () => (await import("./commands/reprice.js")).reprice,
  });
}
