// An agent of LangChain, from ES modules: instrumented or not, alone or with the OpenAI client below it.
import { createRequire } from "node:module";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { createAgent } from "langchain";
import { z } from "zod";
import { sdk } from "./agensight.mjs";
import { converse } from "./langchain-conversation.mjs";

// the copy that @langchain/openai has
const file = createRequire(import.meta.resolve("@langchain/openai")).resolve("openai");
const { OpenAI } = await import(file.replace(/\.js$/, ".mjs"));
await converse({ OpenAI, sdk, tool, ChatOpenAI, createAgent, z });
