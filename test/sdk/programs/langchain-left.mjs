// Breaks off a stream, keeps it, and ends.
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { sdk } from "./agensight.mjs";

sdk.setupTracing("left");
sdk.instrumentLangChain();
const chain = ChatPromptTemplate.fromTemplate("Hello").pipe(new FakeListChatModel({ responses: ["abc"] }));
globalThis.kept = await chain.stream({});
await globalThis.kept.next();
