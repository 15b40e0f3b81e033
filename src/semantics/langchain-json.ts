/** What only LangChain's serialised objects (`{lc, type: "constructor", kwargs}`) tell about a span. */
import { asFields, firstString } from "../model/read-part.js";

/** Larger values are not worth parsing for a name. */
const limit = 256 * 1024;

/** Name and call id out of the ToolMessage that a tool returned; null where the output is none. */
export function langChainToolMessage(output: string | null): { name: string | null; callId: string | null } | null {
  if (output === null || output.length > limit || !output.includes('"tool_call_id"')) return null;
  try {
    const outer = asFields(JSON.parse(output));
    const kwargs = asFields((asFields(outer?.output) ?? outer)?.kwargs);
    return kwargs && { name: firstString(kwargs.name), callId: firstString(kwargs.tool_call_id) };
  } catch {
    return null;
  }
}
