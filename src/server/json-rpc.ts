/** Reads JSON-RPC from strangers: bounded in depth, and with the protocol's own errors for what is none. */
import { ErrorCode, type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";

/** Arguments of tools are flat; checking and printing what is deeper would go as deep on the stack. */
const deepest = 64;

/** `id` null: the request's own cannot be known. */
export type JsonRpcError = { jsonrpc: "2.0"; id: null; error: { code: number; message: string } };

/** Codes as in JSON-RPC 2.0, and -32000 to -32099 for the transport's own. */
export function jsonRpcError(code: number, message: string): JsonRpcError {
  return { jsonrpc: "2.0", id: null, error: { code, message } };
}

function depthWithin(text: string, most: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > most) return false;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return true;
}

/** Text that is not JSON, or nested deeper than any message is, gives an error. */
export function parseJson(text: string): { json: unknown } | { error: JsonRpcError } {
  if (!depthWithin(text, deepest))
    return { error: jsonRpcError(ErrorCode.ParseError, `Parse error: nested deeper than ${deepest}.`) };
  try {
    return { json: JSON.parse(text) };
  } catch {
    return { error: jsonRpcError(ErrorCode.ParseError, "Parse error: not JSON.") };
  }
}

/** One message. */
export function parseMessage(text: string): { message: JSONRPCMessage } | { error: JsonRpcError } {
  const parsed = parseJson(text);
  if ("error" in parsed) return parsed;
  const { success, data } = JSONRPCMessageSchema.safeParse(parsed.json);
  if (success) return { message: data };
  return { error: jsonRpcError(ErrorCode.InvalidRequest, "Invalid request: not one JSON-RPC 2.0 message.") };
}
