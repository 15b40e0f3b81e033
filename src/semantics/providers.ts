/** Provider names of every dialect in the vocabulary of `gen_ai.provider.name`. */

/** By the name's first segment; Vercel appends the API: `openai.responses`. */
const names: Record<string, string> = {
  "azure-openai": "azure.ai.openai",
  azure: "azure.ai.openai",
  "amazon-bedrock": "aws.bedrock",
  bedrock: "aws.bedrock",
  google: "gcp.gemini",
  "google-genai": "gcp.gemini",
  google_genai: "gcp.gemini",
  gemini: "gcp.gemini",
  vertexai: "gcp.vertex_ai",
  "vertex-ai": "gcp.vertex_ai",
  vertex_ai: "gcp.vertex_ai",
  google_vertexai: "gcp.vertex_ai",
  mistral: "mistral_ai",
  mistralai: "mistral_ai",
  xai: "x_ai",
  togetherai: "together",
};

/** Names in the vocabulary that have dots of their own. */
const dotted = /^(aws|azure|gcp|ibm)\./;

/** Frameworks that some instrumentations write where the provider belongs. */
const frameworks = new Set(["langchain", "llamaindex", "traceloop", "agensight"]);

/** Lower case, known synonyms replaced; null for frameworks, which are no providers. */
export function providerName(recorded: string): string | null {
  const name = recorded.trim().toLowerCase();
  if (name.startsWith("google.vertex") || name.startsWith("vertex")) return "gcp.vertex_ai";
  if (dotted.test(name)) return name;
  const first = name.split(".", 1)[0] ?? name;
  if (frameworks.has(first) || first === "") return null;
  return Object.hasOwn(names, first) ? (names[first] as string) : first;
}
