/** What the result of a tool says: that it failed, that there was nothing, or something. Pure, never throws. */
import { asFields, type Fields, firstString, jsonText, parseLoose } from "./read-part.js";

/** Longer results are neither errors nor empty. */
const mostText = 100_000;

/** Keys that hold nothing but the result. */
const wrappers = [
  "output",
  "result",
  "content",
  "response",
  "data",
  "tool_output",
  "value",
  "text",
  "structuredContent",
];

/** Keys that may stand beside an error that is the whole result. */
const errorEnvelope =
  /^(error|errors|error_?(code|type|message)|message|detail|details|code|status|status_?(code|text)|statusCode|success|ok|is_?error|isError|type|name|request_?id|trace_?id|hint|help|suggestion|retry\w*|tool|tool_?name|timestamp|stack|cause|reason|path|body|headers|url|method)$/i;
/** Keys of messages in other languages. */
const otherMessages = [
  ...["mensaje", "meldung", "fehler", "fehlermeldung", "nachricht", "erreur", "messaggio", "errore"],
  ...[
    "mensagem",
    "erro",
    "melding",
    "fout",
    "foutmelding",
    "msg",
    "エラー",
    "メッセージ",
    "错误",
    "消息",
    "오류",
    "메시지",
  ],
];
/** Keys that make an error certain, so that what stands beside it only says what it was about. */
const errorMarks = /^(error_?code|error_?type|code|retry\w*)$/i;

/** Tools whose results tell about errors of other things. */
const tellsOfErrors =
  /log(?!in|out)|error|exception|incident|trace|debug|diagnos|monitor|alert|issue(?!_[a-z]+$|[A-Z])|issue_(?:read|view|comments?|list|search)|sentry|lint|test/i;
/** Tools whose results have a status of something else. */
const tellsOfStatus = /status|check|health|ping|probe|monitor|job|task|deploy|build|pipeline|order|list|search|get_/i;
/** Tools that look at something else, and whose results may say how that fared. */
const looksAtOthers = /status|check|health|ping|probe|monitor|job|task|deploy|build|pipeline|crawl/i;
/** Tools that look for something: a 404 of theirs says that there is none. */
const looksForSomething = /order|list|search|get_|find|look_?up/i;
/** Commands whose exit code is an answer: that nothing matched, that texts differ, that tests fail. */
const answersByExit =
  /\b(?:e?grep|rg|ag|diff|cmp|tests?|\w*test|spec|lint|\w*lint|biome|ruff|tsc|mypy|pyright|check|clippy|vet|audit|build|make|which|cmp|bench)\b|\[ /i;
const complaint =
  /\b(?:errors?|fatal|fail(?:ed|ure|s)?|cannot|can't|could not|unable to|denied|not (?:found|permitted|recognized)|no such|refused|invalid|exception|traceback|panic|usage:|killed|aborted)\b/i;
const exitLine =
  /^\W{0,3}(?:(?:command|process|shell) )?(?:exit(?:ed)?|returned)(?: with)?(?: (?:code|status))?[: =]{1,3}(-?\d{1,6})\b[^\n]{0,40}(?:\n|$)/i;

type Result = { value: unknown; isError: boolean };

function readResult(text: string): Result {
  let value = parseLoose(text.length > mostText ? "" : text);
  // JSON within a JSON string, as wrappers of functions record it
  if (typeof value === "string" && value !== text) value = parseLoose(value);
  let isError = false;
  for (let depth = 0; depth < 6; depth++) {
    const fields = asFields(value);
    if (Array.isArray(value)) {
      const texts = textsOf(value);
      if (texts === null) break;
      value = parseLoose(texts);
      continue;
    }
    if (!fields) break;
    if (fields.isError === true || fields.is_error === true) isError = true;
    const kwargs = fields.lc === undefined ? null : asFields(fields.kwargs);
    // LangChain's ToolMessage
    if (kwargs ?? (fields.tool_call_id !== undefined && "content" in fields)) {
      const message = kwargs ?? fields;
      if (message.status === "error") isError = true;
      value = parseLoose(message.content);
      continue;
    }
    const inner = innerOf(fields);
    if (inner === undefined) break;
    value = parseLoose(inner);
  }
  return { value, isError };
}

/** What a wrapper holds: its only key besides what says of which type it is, and whether it failed. */
function innerOf(fields: Fields): unknown {
  const keys = Object.keys(fields).filter((key) => !/^(type|isError|is_error|_meta|role)$/.test(key));
  const [key = ""] = keys;
  return keys.length === 1 && wrappers.includes(key) ? fields[key] : undefined;
}

function textsOf(list: unknown[]): string | null {
  if (list.length === 0) return null;
  const texts = list.map((part) => (asFields(part)?.type === "text" ? asFields(part)?.text : undefined));
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : null;
}

/** What went wrong, where the result of `tool` says that the call failed; null = it does not say so. `input`: the call's arguments. */
export function failureIn(
  tool: string,
  result: string,
  input: string | null,
): { type: string | null; message: string | null } | null {
  if (result.length > mostText) return null;
  const { value, isError } = readResult(result);
  const fields = asFields(value);
  const said = fields
    ? failureOf(fields)
    : { type: null, message: typeof value === "string" ? value : jsonText(value) };
  if (isError) return said;
  if (tellsOfErrors.test(tool)) return null;
  const exit = exitFailure(value, tool, input);
  if (exit) return exit;
  if (typeof value === "string") return isErrorText(value) ? typedMessage(value) : null;
  if (!fields || fields.success === true || fields.ok === true) return null;
  if (fields.ok === false && said.message !== null && !looksAtOthers.test(tool)) return said;
  const isWhole = Object.entries(fields).every(
    ([key, held]) => errorEnvelope.test(key) || isNothing(held) || (input?.includes(jsonText(held)) ?? false),
  );
  if (fields.success === false || (fields.ok === false && isWhole)) return said;
  const { error, errors } = fields;
  const status = Number(fields.status ?? fields.statusCode ?? fields.status_code);
  if (status === 429 && !looksAtOthers.test(tool)) return said;
  if (!isWhole) return isPresent(error) && isCertain(fields) && !looksAtOthers.test(tool) ? said : null;
  if (isPresent(error) || (Array.isArray(errors) && errors.length > 0)) return said;
  if (isHttpError(status) && !looksAtOthers.test(tool) && !(status === 404 && looksForSomething.test(tool)))
    return said;
  if (isHttpError(Number(fields.code)) && !tellsOfStatus.test(tool)) return said;
  const isFailed = typeof fields.status === "string" && /^(error|failed|failure)$/i.test(fields.status);
  return isFailed && said.message !== null && !tellsOfStatus.test(tool) ? said : null;
}

/** A command that ended with another code than 0, and complained. */
function exitFailure(value: unknown, tool: string, input: string | null): { type: string; message: string } | null {
  const fields = asFields(value);
  const line = typeof value === "string" ? exitLine.exec(value) : null;
  const code = Number(
    line?.[1] ?? fields?.exit_code ?? fields?.exitCode ?? fields?.returncode ?? fields?.return_code ?? 0,
  );
  if (!code || answersByExit.test(`${tool} ${(input ?? "").slice(0, 2_000)}`)) return null;
  const text = line
    ? (value as string).slice(line[0].length)
    : firstString(fields?.stderr, fields?.output, fields?.stdout);
  const told = (text ?? "").trim();
  return complaint.test(told.slice(0, 2_000)) || (firstString(fields?.stderr) ?? "") !== ""
    ? { type: `exit ${code}`, message: told }
    : null;
}

function isHttpError(status: number): boolean {
  return status >= 400 && status < 600;
}

/** It has a code or another mark of an error, and beside it nothing but ids and figures: no result. */
function isCertain(fields: Fields): boolean {
  const entries = Object.entries(fields);
  const isMarked =
    asFields(fields.error) !== null || entries.some(([key, held]) => errorMarks.test(key) && !isNothing(held));
  return isMarked && entries.every(([key, held]) => errorEnvelope.test(key) || isNothing(held) || isShort(held));
}

function isShort(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean" || (typeof value === "string" && value.length <= 80);
}

function isPresent(error: unknown): boolean {
  return (
    error === true ||
    (typeof error === "string" && !/^(?:|none|no|ok|null|false|n\/?a|-)$/i.test(error)) ||
    Object.keys(asFields(error) ?? {}).length > 0
  );
}

function isNothing(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === "" ||
    value === false ||
    value === 0 ||
    (Array.isArray(value) && value.length === 0)
  );
}

function failureOf(fields: Fields): { type: string | null; message: string | null } {
  const [first] = Array.isArray(fields.errors) ? fields.errors : [];
  const error = asFields(fields.error) ?? asFields(first);
  const status = fields.status ?? fields.statusCode ?? fields.status_code ?? fields.code;
  return {
    type:
      firstString(error?.type, error?.code, error?.name, fields.error_type, fields.code) ??
      (typeof status === "number" && status >= 400 ? String(status) : null),
    message:
      firstString(
        error?.message,
        fields.error,
        first,
        fields.message,
        ...otherMessages.map((key) => fields[key]),
        fields.detail,
        fields.reason,
        fields.error_message,
        fields.body,
      ) ?? (error ? jsonText(error) : null),
  };
}

const errorStart =
  /^\W{0,3}(?:(?:an? )?(?:(?:fatal|internal|unexpected|unknown|tool(?: execution)?|execution|runtime|http|api|network|request|server) ){0,2}(?:error|exception|failure)\b\s*(?:[:\d(]|(?:executing|calling|running|invoking|while|when|occurred|in tool|from tool)\b)|[A-Z]\w*(?:Error|Exception)\b\s*[:(]|traceback \(most recent call last\)|failed to \w|(?:tool|request|call|command|execution) (?:execution )?(?:has )?failed\b|(?:http|status)(?: code)?:? [45]\d\d\b|<tool_use_error>)/i;
const traceback = /^traceback \(most recent call last\)/i;

const turnedAway =
  /^\W{0,3}(?:429\b(?:\s*$|\W{1,3}(?:too many|rate|client error|slow))|too many requests\b|rate[ _-]?limit(?:ed\b|[ _-](?:exceeded|reached|hit)\b))/i;
/** How errors begin in other languages; a colon or a bracket follows. */
const otherErrors = [
  ...[
    "fehler",
    "fehlermeldung",
    "ausnahme",
    "zeitüberschreitung",
    "erreur",
    "échec",
    "exception",
    "fallo",
    "excepción",
  ],
  ...[
    "error al",
    "error en",
    "error de",
    "error interno",
    "errore",
    "eccezione",
    "erro",
    "falha",
    "exceção",
    "fout",
    "fel",
    "fejl",
    "błąd",
    "ошибка",
    "hata",
  ],
  ...["エラー", "例外", "错误", "錯誤", "异常", "失败", "오류", "에러"],
];
/** What may stand before the colon: what failed, or a code. */
const longestErrorName = 40;

function isOtherError(text: string): boolean {
  const start = text
    .replace(/^[^\p{L}]{0,3}/u, "")
    .slice(0, 80)
    .toLowerCase();
  const word = otherErrors.find((each) => start.startsWith(each));
  if (word === undefined) return false;
  const rest = start.slice(word.length);
  // "Fehlerquote: 3 %" is none
  if (/^[a-zà-öø-ÿа-яё]/.test(rest)) return false;
  const colon = rest.search(/[:：]/);
  return (
    (colon >= 0 && colon <= longestErrorName && !/[.!?\n]/.test(rest.slice(0, colon))) || /^\s?[([（【\d]/.test(rest)
  );
}

/** A text that begins as an error does; longer ones are what a tool has read, unless they are a stack. */
function isErrorText(text: string): boolean {
  const trimmed = text.trim();
  if (!errorStart.test(trimmed.slice(0, 200)) && !turnedAway.test(trimmed) && !isOtherError(trimmed)) return false;
  return traceback.test(trimmed) || trimmed.length <= 600 || /\n\s+(?:at |File ")/.test(trimmed.slice(0, 2_000));
}

function typedMessage(text: string): { type: string | null; message: string } {
  const trimmed = text.trim();
  // what a stack of Python's says is on its last line
  const line = traceback.test(trimmed) ? (trimmed.split("\n").at(-1) ?? trimmed) : trimmed;
  const type = /^([A-Z][\w.]*(?:Error|Exception)): */.exec(line);
  return type ? { type: type[1] as string, message: line.slice(type[0].length) } : { type: null, message: line };
}

const nothingFound =
  /^(?:sorry, |there (?:are|were|is) )?(?:no|0|zero|none|nothing)\b(?: \w+){0,4}? ?(?:results?|match(?:es|ing)?|found|documents?|records?|rows?|entries|hits|items|data|files?|returned|available)?\b/i;

/** `void`: nothing at all, as tools answer that have nothing to say; `none`: a search that found nothing; null = something. */
export function emptiness(result: string): "void" | "none" | null {
  if (result.length > mostText) return null;
  const { value, isError } = readResult(result);
  if (isError) return null;
  if (value === null || value === undefined) return "void";
  if (typeof value === "string") {
    const text = value.trim();
    if (/^(?:|null|none|undefined|nil|""|'')$/i.test(text)) return "void";
    return text.length <= 120 &&
      nothingFound.test(text) &&
      /found|result|match|document|record|row|entr|hit|item|data|file|return|available/i.test(text)
      ? "none"
      : null;
  }
  if (Array.isArray(value)) return value.length === 0 ? "none" : null;
  const fields = asFields(value);
  if (!fields) return null;
  if (Object.keys(fields).length === 0) return "void";
  return holdsNothing(fields) ? "none" : null;
}

/** A list that is empty, and beside it only counts of nought and what describes the page. */
function holdsNothing(fields: Fields, depth = 0): boolean {
  let lists = 0;
  for (const [key, value] of Object.entries(fields)) {
    const inner = asFields(value);
    if (Array.isArray(value)) {
      if (value.length > 0) return false;
      lists++;
    } else if (inner && Object.keys(inner).length > 0) {
      if (depth < 4 && holdsNothing(inner, depth + 1)) lists++;
      else if (!/meta|page|paging|query|filter|usage|info|shard/i.test(key)) return false;
    } else if (typeof value === "number" && value > 0 && /total|count|found|hits|matches$/i.test(key)) return false;
  }
  return lists > 0 || [fields.total, fields.count, fields.found, fields.hits, fields.total_count].some((n) => n === 0);
}
