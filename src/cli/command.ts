/** What a command of `agensight` is: its words for the help, its options, and the function that does it. */

type OptionSpec = {
  type: "string" | "boolean";
  /** what stands for the value in the help, such as PATH; only for strings */
  value?: string;
  /** the value of an option that stands alone; absent = it needs one */
  absent?: string;
  help: string;
};

export type OptionSpecs = Record<string, OptionSpec>;

export type OptionValues<O extends OptionSpecs> = {
  [K in keyof O]?: O[K]["type"] extends "boolean" ? boolean : string;
};

/** 0 done, 1 failed, 2 wrong usage, 3 partly done (some of the input was bad). */
type ExitCode = 0 | 1 | 2 | 3;

export type Command<O extends OptionSpecs = OptionSpecs> = {
  name: string;
  /** one line for the list of commands */
  summary: string;
  /** what follows the name in the usage line, without `[options]` */
  operands?: string;
  /** a paragraph for the command's own help */
  description: string;
  options: O;
  /** each a command line and what it does */
  examples: [line: string, does: string][];
  run(values: OptionValues<O>, operands: string[]): Promise<ExitCode>;
};

/** Keeps the types of the options for `run`. */
export function defineCommand<const O extends OptionSpecs>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** Options that commands share; every command has `help`. */
export const storeOptions = {
  db: { type: "string", value: "PATH", help: "the store's file (default: AGENSIGHT_DB, then ~/.agensight/traces.db)" },
  config: { type: "string", value: "FILE", help: "configuration (default: ~/.agensight/config.json)" },
} as const satisfies OptionSpecs;

export const retentionOptions = {
  keep: { type: "string", value: "AGE", help: "keep traces this long, such as 30d or 12h" },
  "max-size": { type: "string", value: "SIZE", help: "keep at most this much, such as 1GB or 500MB" },
} as const satisfies OptionSpecs;

export const redactionOption = {
  redact: {
    type: "string",
    value: "A,B",
    help: "what is redacted besides secrets: credit_card, email, phone, ssn, iban, ip (default: as configured)",
  },
} as const satisfies OptionSpecs;

export const contentOption = {
  content: {
    type: "string",
    value: "HOW",
    help: "recorded text in answers: none, preview (default beyond this machine) or full",
  },
} as const satisfies OptionSpecs;

export const filterOptions = {
  since: { type: "string", value: "TIME", help: "traces from then on: ISO, or relative such as 90m, 24h, 7d" },
  until: { type: "string", value: "TIME", help: "traces before then" },
  service: { type: "string", value: "NAME", help: "traces of this service" },
  session: { type: "string", value: "ID", help: "traces of this session" },
  trace: { type: "string", value: "ID", help: "one trace; 6 or more digits of its id will do" },
} as const satisfies OptionSpecs;
