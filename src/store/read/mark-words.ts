/** What the numbers of a comparison stand for, in words: read from one run each, and only for what is told. */

import type { GroupRuns } from "../../model/comparison/group-runs.js";
import type { Wording } from "../../model/comparison/separator.js";
import { textDifference } from "../../model/comparison/text-difference.js";
import type { SeparatorKind } from "../../model/comparison.js";
import { joinPhrases, nameOf, type Phrase, phrase, recorded } from "../../model/phrase.js";
import { promptText } from "../../model/prompt-text.js";
import { systemText } from "../../model/read-message.js";
import { runPath } from "../../model/run-path.js";
import { loadCells } from "../cells.js";
import { decodeRow, inputMessages, type SpanSource, sourceText, wholeSpanColumns } from "../read-span.js";
import { type Facet, facets } from "../trace-totals.js";
import type { MarkKeys } from "./group-runs.js";

const facetNames = new Map<number, Facet>(Object.entries(facets).map(([name, code]) => [code, name as Facet]));

/** Stops of a path that are named, and characters of a prompt that are quoted. */
const mostStops = 10;
const promptChars = 120;
/** Instructions of the other group that are looked at for the same agent's. */
const mostUsual = 5;

/** `groups`: what is compared, so that instructions are told by how they differ from the other group's. */
export function wordingOf(source: SpanSource, keys: MarkKeys, groups: { a: GroupRuns; b: GroupRuns }): Wording {
  const { engine, strings } = source;
  return {
    mark(key, run) {
      const { facet: code, value } = keys.of(key);
      const facet = facetNames.get(code);
      if (facet === "path") return pathWords(source, run);
      if (facet === "error") return errorWords(source, run, value);
      if (facet === "prompt") return promptWords(source, { run, value }, usualPrompts(keys, groups, key));
      const kind: SeparatorKind = facet ?? "name";
      const name = strings.text(value) ?? "(unknown)";
      const identity = facet === "session" || facet === "user" ? facet : undefined;
      const what = kind === "name" ? "runs named" : kind === "version" ? "service version" : kind;
      return { kind, name, words: phrase`${what} ${nameOf(name, identity)}` };
    },
    step: ({ name }) => strings.text(name) ?? "(unknown)",
    traceId: (run) =>
      Buffer.from(engine.get("SELECT trace_id FROM trace WHERE id = ?", [run])?.trace_id ?? []).toString("hex"),
  };
}

function pathWords({ engine, strings }: SpanSource, run: number): ReturnType<Wording["mark"]> {
  const path = runPath(loadCells(engine, strings, run));
  const names = path.map((stop) => stop.slice(stop.indexOf(" ") + 1));
  const shown = names.slice(0, mostStops);
  const rest = names.length > mostStops ? ` → … (${names.length} in all)` : "";
  const words: Phrase = phrase`the path ${joinPhrases(
    shown.map((name) => [nameOf(name)]),
    " → ",
  )}${rest}`;
  return { kind: "path", name: names.join(" → "), words };
}

function errorWords({ engine, strings }: SpanSource, run: number, hash: number): ReturnType<Wording["mark"]> {
  const row = engine.get(
    "SELECT name, tool, error_type, error_message FROM span WHERE trace = ? AND error_key = ? ORDER BY start_us, id LIMIT 1",
    [run, hash],
  );
  const type = strings.text(row?.error_type ?? null);
  const place = strings.text(row?.tool ?? row?.name ?? null) ?? "(unknown)";
  const message = row?.error_message ? phrase`: ${recorded(row.error_message)}` : [];
  return {
    kind: "error",
    name: `${type ?? "failure"} in ${place}`,
    words: phrase`error ${nameOf(type ?? "of no type")} in ${nameOf(place)}${message}`,
  };
}

type Prompt = { run: number; value: number };

/** The most frequent instructions of the group that has these less often. */
function usualPrompts(keys: MarkKeys, { a, b }: { a: GroupRuns; b: GroupRuns }, key: number): Prompt[] {
  const share = (group: GroupRuns) => (group.marks[key]?.runs ?? 0) / group.ids.length;
  const other = share(a) > share(b) ? b : a;
  return other.marks
    .flatMap((mark, own) =>
      mark && own !== key && keys.of(own).facet === facets.prompt ? [{ mark, value: keys.of(own).value }] : [],
    )
    .sort((x, y) => y.mark.runs - x.mark.runs)
    .slice(0, mostUsual)
    .map(({ mark, value }) => ({ run: mark.examples[0] as number, value }));
}

function promptWords(source: SpanSource, prompt: Prompt, usual: Prompt[]): ReturnType<Wording["mark"]> {
  const own = readPrompt(source, prompt);
  const of = own.agent === null ? [] : phrase` of ${nameOf(own.agent)}`;
  const other = usual.map((each) => readPrompt(source, each)).find(({ agent }) => agent === own.agent);
  const told = other?.text && own.text ? textDifference(other.text, own.text) : null;
  const begins = own.text && (own.text.length > promptChars ? `${own.text.slice(0, promptChars)}…` : own.text);
  const words = told ? phrase`: ${told.words}` : begins ? phrase` ${recorded(begins)}` : [];
  return { kind: "prompt", name: null, words: phrase`the instructions${of}${words}` };
}

function readPrompt(source: SpanSource, { run, value }: Prompt): { agent: string | null; text: string | null } {
  const row = source.engine.get(
    `SELECT ${wholeSpanColumns}, s.agent FROM span s JOIN trace t ON t.id = s.trace WHERE s.trace = ? AND s.prompt = ? ORDER BY s.start_us, s.id LIMIT 1`,
    [run, value],
  );
  if (!row) return { agent: null, text: null };
  const decoded = decodeRow(source, row, { conversation: false });
  const system = sourceText(decoded, "system");
  const text = promptText(system === null ? null : systemText(system), inputMessages(source, decoded, row.id)[0]);
  return { agent: source.strings.text(row.agent), text: text === null ? null : (source.redact?.(text) ?? text) };
}
