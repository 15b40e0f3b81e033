// The same from CommonJS, which gets other copies of LangChain's classes.
const { createRequire } = require("node:module");
const { fileURLToPath } = require("node:url");
const { OpenAI } = createRequire(require.resolve("@langchain/openai"))("openai");
const { tool } = require("@langchain/core/tools");
const { ChatOpenAI } = require("@langchain/openai");
const { createAgent } = require("langchain");
const { z } = require("zod");
const sdk = require(fileURLToPath(`${process.env.AGENSIGHT_SDK}index.js`));

import("./langchain-conversation.mjs").then(({ converse }) =>
  converse({ OpenAI, sdk, tool, ChatOpenAI, createAgent, z }),
);
