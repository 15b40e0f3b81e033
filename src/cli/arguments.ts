/** Reads a command's options and operands; anything it does not know is wrong usage. */
import { parseArgs } from "node:util";
import { didYouMean } from "../mcp/suggest.js";
import type { Command, OptionValues } from "./command.js";

/** Wrong usage: exit code 2. `command` names whose help to read. */
export class UsageError extends Error {
  readonly command: string | null;
  constructor(message: string, command: string | null = null) {
    super(message);
    this.name = "UsageError";
    this.command = command;
  }
}

export type ParsedArguments = { help: boolean; values: OptionValues<Command["options"]>; operands: string[] };

export function parseArguments(command: Command, args: string[]): ParsedArguments {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const [name, spec] of Object.entries(command.options)) options[name] = { type: spec.type };
  const { tokens } = parseArgs({
    args: withAbsentValues(args, command),
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });

  const values: Record<string, string | boolean> = {};
  const operands: string[] = [];
  let help = false;
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const spec = options[token.name];
    if (!spec) throw unknownOption(token.rawName, Object.keys(options), command.name);
    if (spec.type === "boolean") {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`, command.name);
      if (token.name === "help") help = true;
      else values[token.name] = true;
      continue;
    }
    if (token.name in values) throw new UsageError(`${token.rawName} was given twice`, command.name);
    // `--db --json`: the next option is no value, and an empty one (an unset shell variable) is none either
    if (!token.value || (!token.inlineValue && /^--?[a-z]/.test(token.value)))
      throw new UsageError(
        `${token.rawName} needs a value: ${token.rawName} ${command.options[token.name]?.value}`,
        command.name,
      );
    values[token.name] = token.value;
  }
  if (!help && operands.length > 0 && !command.operands)
    throw new UsageError(`${command.name} takes no operands, but was given "${operands[0]}"`, command.name);
  return { help, values: values as ParsedArguments["values"], operands };
}

/** Spells out the values of options that may stand alone. */
function withAbsentValues(args: string[], { options }: Command): string[] {
  return args.map((arg, index) => {
    const absent = arg.startsWith("--") ? options[arg.slice(2)]?.absent : undefined;
    const next = args[index + 1];
    return absent !== undefined && (next === undefined || next.startsWith("-")) ? `${arg}=${absent}` : arg;
  });
}

/** 0: any free one. */
export function portNumber(text: string, command: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`"${text}" is no port: give a number up to 65535`, command);
}

function unknownOption(rawName: string, known: string[], command: string): UsageError {
  return new UsageError(`unknown option ${rawName}${didYouMean(rawName.replace(/^-+/, ""), known)}`, command);
}
