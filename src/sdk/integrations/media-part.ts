/** What is kept of an image, a recording or a file in a message: how large it is and a hash, never its bytes. */
import { createHash } from "node:crypto";
import { type Fields, fieldsOf } from "./fields.js";

/**
 * The part for a content block with media, in OpenAI's form, as a data block of LangChain, or as `source` of
 * Anthropic; null for any other block.
 */
export function mediaPart(block: unknown): Fields | null {
  const fields = fieldsOf(block);
  const type = text(fields.type);
  if (!type || !/image|audio|video|file|document|media|blob/.test(type)) return null;
  const inner = [fields[type], fields.source, fields.image_url, fields.input_audio].map(fieldsOf).find(isFilled) ?? {};
  const read = (...names: string[]) => names.map((name) => text(inner[name]) ?? text(fields[name])).find(Boolean);

  const address = read("url", "uri", "fileUri", "image_url", "file_url");
  const inline = address && /^data:([^;,]*)[^,]*,/.exec(address);
  const mime = inline ? inline[1] : read("mime_type", "mimeType", "media_type", "format");
  const modality = /image|audio|video/.exec(`${type} ${mime ?? ""}`)?.[0] ?? "file";
  const about = { modality, ...(mime ? { mime_type: mime } : {}) };
  if (address && !inline) return { type: "uri", ...about, uri: address };
  const id = read("file_id", "id");
  const data = inline ? address.slice(inline[0].length) : (inner.data ?? fields.data ?? read("file_data"));
  const bytes = typeof data === "string" ? Buffer.from(data, "base64") : data instanceof Uint8Array ? data : null;
  if (bytes === null) return id ? { type: "file", ...about, file_id: id } : { type: "blob", ...about };
  return { type: "blob", ...about, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The value itself where it holds no bytes of media; for the values that `JSON.stringify` comes by. */
export function withoutBytes(value: unknown): unknown {
  const isData = typeof value === "string" && value.startsWith("data:") && value.length > 200;
  const part = mediaPart(isData ? { type: "file", url: value } : value);
  return part?.sha256 === undefined ? value : part;
}

function isFilled(fields: Fields): boolean {
  return Object.keys(fields).length > 0;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
