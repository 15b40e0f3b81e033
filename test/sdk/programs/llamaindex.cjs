// The conversation in a CommonJS program.
const sdk = require(require("node:url").fileURLToPath(`${process.env.AGENSIGHT_SDK}index.js`));
const openai = require("@llamaindex/openai");
const workflow = require("@llamaindex/workflow");
const llamaindex = require("llamaindex");

import("./llamaindex-conversation.mjs").then(({ converse }) => converse({ sdk, openai, llamaindex, workflow }));
