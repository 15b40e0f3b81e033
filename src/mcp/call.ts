/** Runs a tool: finds it, checks its arguments, and turns what it throws into an answer that says what to do next. */
import { AgensightError } from "../model/error.js";
import { charsWithin, estimateTokens } from "../model/tokens.js";
import { budgetOf, parseArguments, usualTokens } from "./arguments.js";
import { jsonText } from "./json-answer.js";
import { missingStore, recordingHint } from "./missing-store.js";
import { inline, visible } from "./render/fence.js";
import type { ServerOptions } from "./server-options.js";
import { didYouMean } from "./suggest.js";
import type { Tool, ToolContext } from "./tool.js";
import { tools } from "./tools/all.js";

type Answer = { text: string; isError: boolean };

/** Cuts an answer whose fixed parts alone pass the budget: its coverage stays, an open fence is closed. */
function within(text: string, budget: number): string {
  if (estimateTokens(text) <= budget) return text;
  const tail = text.slice(Math.max(0, text.lastIndexOf("\ncoverage: ")));
  const coverage = tail.startsWith("\ncoverage: ") && estimateTokens(tail) < budget * 0.8 ? tail : "";
  const kept = text.slice(0, charsWithin(text, budget - estimateTokens(coverage) - 20));
  const fences = kept.match(/^`{3,}$/gm) ?? [];
  const close = fences.length % 2 === 1 ? `\n${fences[0]}` : "";
  return `${kept}${close}\n… cut by max_tokens ${budget}${coverage}`;
}

/** Errors other than AgensightError are defects: they are named, never with a stack. */
export function errorText(error: unknown): { code: string; message: string; hint: string | null } {
  if (error instanceof AgensightError) {
    return {
      code: error.code,
      message: inline(error.message, 1200),
      hint: error.hint === null ? null : inline(error.hint, 2000),
    };
  }
  return { code: "internal", message: inline(error instanceof Error ? error.message : String(error), 500), hint: null };
}

/** What a tool or a resource gets to work with. */
export async function contextOf(
  options: ServerOptions,
  signal: AbortSignal,
  progress: ToolContext["progress"] = () => {},
): Promise<ToolContext> {
  const now = options.now?.() ?? Date.now();
  const reader = await options.reader();
  const others = async () => (await options.otherStores?.())?.filter((store) => store.path !== options.storePath) ?? [];
  const nothingRecorded = async () => recordingHint(options.storePath, reader !== null, await others(), now);
  return {
    reader: reader ?? missingStore(options.storePath, await nothingRecorded()),
    live: options.live,
    now,
    signal,
    progress,
    given: {},
    nothingRecorded,
  };
}

/** A tool's answer within its budget. Errors: bad_argument and those of the store. */
export async function answer(tool: Tool, given: Record<string, unknown>, context: ToolContext): Promise<string> {
  const args = parseArguments(tool.name, tool.arguments, given) as { max_tokens?: number; format: "text" | "json" };
  const text = await tool.run(args as never, { ...context, given });
  return args.format === "json" ? text : within(text, budgetOf(args));
}

/** Never throws. */
export async function callTool(
  options: ServerOptions,
  name: string,
  given: Record<string, unknown>,
  signal: AbortSignal,
  progress?: ToolContext["progress"],
): Promise<Answer> {
  const json = given.format === "json";
  try {
    const tool = tools.find((candidate) => candidate.name === name);
    if (!tool) {
      const known = tools.map((candidate) => candidate.name);
      throw new AgensightError("bad_argument", `There is no tool ${inline(name, 80)}${didYouMean(name, known)}.`, {
        hint: `Tools: ${known.join(", ")}.`,
      });
    }
    return { text: await answer(tool, given, await contextOf(options, signal, progress)), isError: false };
  } catch (error) {
    const { code, message, hint } = errorText(error);
    const text = json
      ? jsonText({ error: { code, message, hint } })
      : visible(`Error (${code}): ${message}${hint === null ? "" : `\n${hint}`}`);
    return { text: json ? text : within(text, usualTokens), isError: true };
  }
}
