/** Embeddings → `gen_ai.*`: what was embedded, how many vectors of which length; never the vectors. */
import type { CallAttributes } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";
import type { AnswerReader } from "./observe-stream.js";
import { contentParts, listOf } from "./openai-content.js";

export function embeddingsRequest(body: Fields): CallAttributes {
  const texts = [body.input].flat().filter((text) => typeof text === "string");
  return {
    "gen_ai.request.encoding_formats": body.encoding_format ? [body.encoding_format] : undefined,
    "gen_ai.embeddings.dimension.count": body.dimensions,
    // tokens instead of text say nothing to a reader
    "gen_ai.input.messages": texts.length > 0 ? [{ role: "user", parts: contentParts(texts) }] : undefined,
  };
}

export function createEmbeddingsReader(): AnswerReader {
  let answer: Fields = {};
  return {
    result(value) {
      answer = fieldsOf(value);
    },
    chunk() {},
    attributes() {
      const vectors = listOf(answer.data);
      return {
        "gen_ai.response.model": answer.model,
        "gen_ai.usage.input_tokens": fieldsOf(answer.usage).prompt_tokens,
        "agensight.embeddings.count": vectors.length,
        "gen_ai.embeddings.dimension.count": dimensions(fieldsOf(vectors[0]).embedding),
      };
    },
  };
}

/** Base64 is what the wire has: four bytes a number. */
function dimensions(vector: unknown): number | undefined {
  if (typeof vector === "string") return Buffer.byteLength(vector, "base64") / 4;
  return (vector as ArrayLike<number> | undefined)?.length;
}
