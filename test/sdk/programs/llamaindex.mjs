// The conversation in an ES module.
import * as openai from "@llamaindex/openai";
import * as workflow from "@llamaindex/workflow";
import * as llamaindex from "llamaindex";
import { sdk } from "./agensight.mjs";
import { converse } from "./llamaindex-conversation.mjs";

await converse({ sdk, openai, llamaindex, workflow });
