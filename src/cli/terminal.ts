/** What people see on stderr and stdout, and how errors are told. */
import { AgensightError } from "../model/error.js";

/** A line for people: progress, warnings. stdout stays free for results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const colours = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Colours where `stream` is a terminal that has not asked for none (NO_COLOR). */
export function painter(stream: NodeJS.WriteStream): (colour: keyof typeof colours, text: string) => string {
  const on = stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  return (colour, text) => (on ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text);
}

/** Message and hint; where it came from only under AGENSIGHT_DEBUG. */
export function describeError(error: unknown): string {
  const paint = painter(process.stderr);
  const lines: string[] = [];
  // by name too: a second copy of the class may be at work in a bundle
  if (error instanceof AgensightError || (error instanceof Error && error.name === "AgensightError")) {
    const { message, hint } = error as AgensightError;
    lines.push(`${paint("red", "agensight:")} ${message}`);
    if (hint) lines.push(`  ${hint}`);
  } else {
    lines.push(`${paint("red", "agensight:")} ${error instanceof Error ? error.message : String(error)}`);
    // wrong usage, or the system's own words: no space, no permission
    const explained = error instanceof Error && (error.name === "UsageError" || "syscall" in error);
    if (!explained && !process.env.AGENSIGHT_DEBUG) lines.push("  Set AGENSIGHT_DEBUG=1 to see where it came from.");
  }
  if (process.env.AGENSIGHT_DEBUG && error instanceof Error) {
    lines.push(error.stack ?? "");
    if (error.cause instanceof Error) lines.push(`caused by ${error.cause.stack}`);
  }
  return lines.join("\n");
}
