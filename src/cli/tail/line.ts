/** A live event as a line for people. */
import { inline } from "../../mcp/render/fence.js";
import { duration, plural, tokenFigures } from "../../model/format.js";
import type { LiveEvent } from "../../model/live.js";
import type { painter } from "../terminal.js";

type Paint = ReturnType<typeof painter>;

const marks = { span_started: "▶", span_abandoned: "∅", trace_updated: "↻" } as const;

/** `width`: columns of the terminal. */
export function eventLine({ type, time, span, dropped }: LiveEvent, paint: Paint, width: number): string {
  const clock = new Date(time).toTimeString().slice(0, 8);
  if (!span)
    return `${paint("dim", clock)} ${paint("yellow", `! ${plural(dropped ?? 0, "span")} dropped by a recorder`)}`;
  const failed = span.status === "error";
  const mark = type === "span_ended" ? (failed ? "✗" : "✓") : type in marks ? marks[type as keyof typeof marks] : "·";
  const colour = failed ? "red" : type === "span_ended" ? "green" : type === "span_started" ? "cyan" : "yellow";
  const shown = type === "span_ended" || type === "trace_updated";
  const words = [
    `${span.kind === "other" ? "" : `${span.kind} `}${inline(span.name, 60)}`,
    span.model !== null && !span.name.includes(span.model) ? inline(span.model, 40) : "",
    shown && span.duration_ms !== null ? duration(span.duration_ms) : "",
    shown ? tokenFigures({ ...span, cached_tokens: null }) : "",
    failed ? "error" : type === "span_abandoned" ? "abandoned" : "",
  ];
  const facts = words.filter(Boolean).join(" · ");
  const head = `${clock} ${mark} ${facts}`;
  const preview = span.preview === null ? "" : inline(span.preview, 160);
  const said = cutToWidth(preview, width - columns(head) - 2);
  const shortened = cutToWidth(facts, width - columns(`${clock} ${mark} `));
  return `${paint("dim", clock)} ${paint(colour, mark)} ${shortened}${said === "" ? "" : paint("dim", `  ${said}`)}`;
}

/** What a character takes on a terminal: Chinese, Japanese, Korean and emoji take two columns. */
function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff);
  return wide || (code >= 0xfe30 && code <= 0xff60) || code >= 0x1f000 ? 2 : 1;
}

function columns(text: string): number {
  let sum = 0;
  for (const character of text) sum += columnsOf(character);
  return sum;
}

/** The beginning of `text` that takes at most `most` columns; empty where nothing of use would fit. */
function cutToWidth(text: string, most: number): string {
  if (columns(text) <= most) return text;
  if (most < 8) return "";
  let kept = "";
  let left = most - 1;
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}
