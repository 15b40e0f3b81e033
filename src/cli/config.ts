/** The configuration file: its schema, and reading it. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { didYouMean } from "../mcp/suggest.js";
import { AgensightError } from "../model/error.js";
import { ageInSeconds, sizeInBytes } from "../model/quantity.js";
import { shownContents } from "../model/shown-content.js";
import { markName, patternNames } from "../redaction/options.js";
import { redactionModes } from "../redaction/settings.js";

const Age = z.string().refine((text) => ageInSeconds(text) !== null, "must be an age such as 30d or 12h");
const Size = z.string().refine((text) => sizeInBytes(text) !== null, "must be a size such as 1GB or 500MB");

const Source = z.string().min(1).refine(isPattern, "must be a regular expression");
const PatternName = z.enum(patternNames, {
  error: ({ input }) =>
    `there is no pattern ${JSON.stringify(input)}${didYouMean(String(input), patternNames)}; there are ${patternNames.join(", ")}`,
});

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}

export const Config = z.strictObject({
  $schema: z.string().optional().describe("This schema, for editors"),
  db: z
    .string()
    .min(1)
    .optional()
    .describe("The store's file; a relative path counts from this file's folder, ~ is the home folder"),
  retention: z
    .strictObject({
      max_age: Age.optional().describe("Keep traces this long, such as 30d or 12h"),
      max_size: Size.optional().describe("Keep at most this much, such as 1GB or 500MB"),
    })
    .optional()
    .describe("What imported and received spans are kept by; a program that records says it in setupTracing"),
  redaction: z
    .strictObject({
      patterns: z
        .array(PatternName)
        .optional()
        .describe("What is redacted besides secrets (api_key, jwt, private_key, url_credentials), which always are"),
      keys: z
        .array(z.string().min(1))
        .optional()
        .describe("Attributes and members of JSON objects whose whole value is redacted; case does not matter"),
      custom: z
        .union(
          [z.record(z.string().regex(markName, "must be named by letters, digits and _"), Source), z.array(Source)],
          "must be an object of regular expressions by their names, or a list of them",
        )
        .optional()
        .describe("Regular expressions of your own, by the name of their mark, or a list of them"),
      mode: z
        .enum(redactionModes)
        .optional()
        .describe("mask: [email]; pseudonym: [email:7f3a09c1d2], the same for the same value; drop: nothing stays"),
    })
    .optional()
    .describe("What never reaches the store of imported and received spans; a program says it in configureRedaction"),
  content: z
    .enum(shownContents)
    .optional()
    .describe("How much recorded text answers show; default full, to other machines preview"),
  token: z
    .string()
    .regex(/^\S+$/, "must be text without spaces")
    .optional()
    .describe("What programs must show to agensight serve: Authorization: Bearer TOKEN"),
});
export type Config = z.infer<typeof Config>;

/** The published JSON Schema, `schemas/config.json`. */
export function configSchema(): Record<string, unknown> {
  const { $schema, ...json } = z.toJSONSchema(Config);
  return { $schema, title: "Configuration of the agensight command", ...json };
}

/** Errors: bad_input, naming the key, what is wrong with it, and the valid ones. */
export function readConfig(file: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new AgensightError(
      "bad_argument",
      missing
        ? `there is no configuration file ${file}`
        : `cannot read the configuration ${file}: ${(cause as Error).message}`,
      {
        hint: missing ? "Give an existing file to --config." : "It must be one JSON object.",
        cause,
      },
    );
  }
  const parsed = Config.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = innermost(parsed.error.issues[0]);
  const where = issue?.path.join(".") ?? "";
  if (issue?.code === "unrecognized_keys") {
    const section = where === "retention" || where === "redaction" ? Config.shape[where].unwrap() : Config;
    const valid = Object.keys(section.shape);
    const key = issue.keys[0] ?? "";
    throw new AgensightError(
      "bad_argument",
      `${file}: unknown key "${where ? `${where}.` : ""}${key}"${didYouMean(key, valid)}`,
      {
        hint: `Valid keys here are ${valid.join(", ")}.`,
      },
    );
  }
  throw new AgensightError(
    "bad_argument",
    `${file}: ${where || "the configuration"}: ${issue?.message ?? "is not valid"}`,
    {
      hint: `Valid keys are ${Object.keys(Config.shape).join(", ")}.`,
    },
  );
}

/** Of several forms that a value may have, the one it was meant to have; of a bad name of a member, what is bad. */
function innermost(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  const inner =
    issue?.code === "invalid_union"
      ? issue.errors.find(([first]) => first && (first.code !== "invalid_type" || first.path.length > 0))?.[0]
      : issue?.code === "invalid_key"
        ? issue.issues[0]
        : undefined;
  return issue && inner ? innermost({ ...inner, path: [...issue.path, ...inner.path] }) : issue;
}
