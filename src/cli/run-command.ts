/** Runs one of some commands: finds it, reads its arguments, tells errors, sets the exit code. */

import { didYouMean } from "../mcp/suggest.js";
import { parseArguments, UsageError } from "./arguments.js";
import type { Command } from "./command.js";
import { describeError, print, say } from "./terminal.js";
import { version } from "./version.js";

/** Loads a command when it is asked for. */
export type Commands = Record<string, () => Promise<Command>>;

/** `args`: what follows `agensight`. Never rejects. */
export async function runCommand(args: string[], commands: Commands): Promise<void> {
  // whoever read what is told may go; the work goes on
  process.stderr.on("error", () => {});
  // `agensight export | head`: the reader has seen enough
  if (args[0] !== "mcp")
    process.stdout.on("error", (error: { code?: string }) => {
      if (error.code === "EPIPE") process.exit(0);
      say(describeError(error));
      process.exit(1);
    });
  try {
    process.exitCode = await run(args, commands);
  } catch (error) {
    process.exitCode = failure(error);
  }
}

async function run([word, ...rest]: string[], commands: Commands): Promise<number> {
  if (word === "help" && rest[0] !== undefined) return run([rest[0], "--help"], commands);
  if (word === undefined || word === "help" || word === "--help" || word === "-h") {
    const { overview } = await import("./help.js");
    const text = overview(await Promise.all(Object.values(commands).map((load) => load()))).trimEnd();
    if (word === undefined) say(text);
    else print(text);
    return word === undefined ? 2 : 0;
  }
  if (word === "--version" || word === "-v") {
    print(version);
    return 0;
  }
  const load = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (!load) {
    const what = word.startsWith("-") ? `unknown option ${word}` : `unknown command "${word}"`;
    throw new UsageError(`${what}${didYouMean(word, Object.keys(commands))}`);
  }
  const command = await load();
  const { help, values, operands } = parseArguments(command, rest);
  if (!help) return command.run(values, operands);
  const { commandHelp } = await import("./help.js");
  print(commandHelp(command).trimEnd());
  return 0;
}

function failure(error: unknown): number {
  say(describeError(error));
  if (error instanceof UsageError) {
    say(`  See agensight ${error.command ? `${error.command} ` : ""}--help`);
    return 2;
  }
  return (error as { code?: unknown } | null)?.code === "bad_argument" ? 2 : 1;
}
