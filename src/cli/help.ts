/** The texts of `--help`. */
import type { Command } from "./command.js";

export type CommandLine = { name: string; operands?: string | undefined; summary: string };

/** The help of `agensight` itself. */
export function overview(commands: CommandLine[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return `agensight: ask your assistant what your agents did

Usage: agensight <command> [options]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n")}

Options:
  --help     help on agensight or on a command: agensight import --help
  --version  the version

Environment:
  AGENSIGHT_DB      the store's file                    (--db wins over it)
  AGENSIGHT_HOME    the folder instead of ~/.agensight
  AGENSIGHT_TOKEN   the token of agensight serve        (--token wins over it)
  AGENSIGHT_SQLITE  the SQLite engine: node, libsql or sqljs
  AGENSIGHT_DEBUG   1: show where an error came from

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done (some of the input was bad)
`;
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(([name, spec]): [string, string] => [
    `--${name}${spec.value ? ` ${spec.value}` : ""}`,
    spec.help,
  ]);
  options.push(["--help", "this text"]);
  const width = Math.max(...options.map(([flag]) => flag.length));
  return `agensight ${command.name}: ${command.summary}

Usage: agensight ${command.name}${command.operands ? ` ${command.operands}` : ""} [options]

${command.description.trim()}

Options:
${options.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`).join("\n")}

Examples:
${command.examples.map(([line, does]) => `  ${line}\n      ${does}`).join("\n")}
`;
}
