/** What the numbers of a comparison stand for, in words: read from one run each, and only for what is told. */

import type { Wording } from "../../model/comparison/separator.js";
import type { SeparatorKind } from "../../model/comparison.js";
import { joinPhrases, nameOf, type Phrase, phrase, recorded } from "../../model/phrase.js";
import { promptText } from "../../model/prompt-text.js";
import { systemText } from "../../model/read-message.js";
import { runPath } from "../../model/run-path.js";
import { loadCells } from "../cells.js";
import type { Row } from "../engines/engine.js";
import { decodeRow, inputMessages, type SpanSource, sourceText, wholeSpanColumns } from "../read-span.js";
import { type Facet, facets } from "../trace-totals.js";
import type { MarkKeys } from "./group-runs.js";

const facetNames = new Map<number, Facet>(Object.entries(facets).map(([name, code]) => [code, name as Facet]));

/** Stops of a path that are named, and characters of a prompt that are quoted. */
const mostStops = 10;
const promptChars = 120;

export function wordingOf(source: SpanSource, keys: MarkKeys): Wording {
  const { engine, strings } = source;
  return {
    mark(key, run) {
      const { facet: code, value } = keys.of(key);
      const facet = facetNames.get(code);
      if (facet === "path") return pathWords(source, run);
      if (facet === "error") return errorWords(source, run, value);
      if (facet === "prompt") return promptWords(source, run, value);
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
    name: type,
    words: phrase`error ${nameOf(type ?? "of no type")} in ${nameOf(place)}${message}`,
  };
}

function promptWords(source: SpanSource, run: number, hash: number): ReturnType<Wording["mark"]> {
  const row = source.engine.get(
    `SELECT ${wholeSpanColumns}, s.agent FROM span s JOIN trace t ON t.id = s.trace WHERE s.trace = ? AND s.prompt = ? ORDER BY s.start_us, s.id LIMIT 1`,
    [run, hash],
  );
  const agent = source.strings.text(row?.agent ?? null);
  const text = row ? promptOf(source, row) : null;
  const of = agent === null ? [] : phrase` of ${nameOf(agent)}`;
  const quoted =
    text === null ? [] : phrase` ${recorded(text.length > promptChars ? `${text.slice(0, promptChars)}…` : text)}`;
  return { kind: "prompt", name: null, words: phrase`the instructions${of}${quoted}` };
}

function promptOf(source: SpanSource, row: Row): string | null {
  const decoded = decodeRow(source, row, { conversation: false });
  const system = sourceText(decoded, "system");
  return promptText(system === null ? null : systemText(system), inputMessages(source, decoded, row.id)[0]);
}
