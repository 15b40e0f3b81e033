/** Whose service a client of OpenAI's SDK talks to. */
import type { CallAttributes } from "./call-span.js";
import { fieldsOf } from "./fields.js";
import { serverAddress } from "./server-address.js";

/** Names of the vocabulary of `gen_ai.provider.name`, by the end of the host's name. */
const providers: [host: string, provider: string][] = [
  ["openai.azure.com", "azure.ai.openai"],
  ["cognitiveservices.azure.com", "azure.ai.openai"],
  ["services.ai.azure.com", "azure.ai.inference"],
  ["inference.ai.azure.com", "azure.ai.inference"],
  ["x.ai", "x_ai"],
  ["deepseek.com", "deepseek"],
  ["groq.com", "groq"],
  ["mistral.ai", "mistral_ai"],
  ["perplexity.ai", "perplexity"],
  ["cohere.com", "cohere"],
  ["cohere.ai", "cohere"],
  ["anthropic.com", "anthropic"],
  ["generativelanguage.googleapis.com", "gcp.gemini"],
  ["aiplatform.googleapis.com", "gcp.vertex_ai"],
  ["amazonaws.com", "aws.bedrock"],
  ["cloud.ibm.com", "ibm.watsonx.ai"],
];

export function clientAttributes(client: unknown): CallAttributes {
  const fields = fieldsOf(client);
  // only the class for Azure has deployments, whatever a bundler made of its name
  const isAzure = "deploymentName" in fields;
  const server = serverAddress(fields.baseURL);
  return {
    "gen_ai.provider.name": isAzure ? "azure.ai.openai" : providerAt(String(server["server.address"])),
    ...server,
  };
}

function providerAt(host: string): string {
  const known = providers.find(([end]) => host === end || host.endsWith(`.${end}`));
  return known?.[1] ?? "openai";
}
