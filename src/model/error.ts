/** The one error that Agensight throws on purpose; MCP, HTTP and the CLI render it. */

export type ErrorCode =
  | "bad_argument"
  | "bad_input"
  | "not_found"
  | "ambiguous"
  | "pruned"
  | "busy"
  | "read_only"
  | "disk_full"
  | "newer_file"
  | "wrong_engine"
  | "not_a_store"
  | "no_engine"
  | "too_large"
  | "internal";

export class AgensightError extends Error {
  readonly code: ErrorCode;
  /** What to do next, one sentence; null when nothing can be advised. */
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AgensightError";
    this.code = code;
    this.hint = options.hint ?? null;
  }
}
