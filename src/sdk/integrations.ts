/** Package entry `agensight/integrations`: libraries that record themselves once they are patched. */
export { instrumentAnthropic } from "./integrations/anthropic.js";
export { instrumentLangChain } from "./integrations/langchain.js";
export { instrumentLlamaIndex } from "./integrations/llamaindex.js";
export { instrumentOpenAI } from "./integrations/openai.js";
