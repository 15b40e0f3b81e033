/** The addresses of a server's WebSockets, from what people write and from what it prints. */
import { AgensightError } from "./error.js";

const webSocketSchemes: Record<string, string> = { "http:": "ws:", "ws:": "ws:", "https:": "wss:", "wss:": "wss:" };
const knownPath = /\/(mcp|ws|live|ingest)\/*$/;

/**
 * `ws(s)://…` of `host:port`, `http(s)://…` or `ws(s)://…`: `path` stands where there was none, or another one of
 * a server's; a path that it does not know is kept. Errors: bad_argument, without the text: there may be a token in it.
 */
export function serverUrl(text: string, path: "/ws" | "/live" | "/ingest"): URL {
  const full = text.includes("://") ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  const scheme = webSocketSchemes[url?.protocol ?? ""];
  if (!url || !scheme)
    throw new AgensightError("bad_argument", "what was given is no address of a server", {
      hint: "Write it as http://127.0.0.1:4318 or wss://host.",
    });
  url.protocol = scheme;
  url.pathname = url.pathname === "/" ? path : url.pathname.replace(knownPath, path);
  url.hash = "";
  return url;
}
