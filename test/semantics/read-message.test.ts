/** Messages are readable whichever provider or framework wrote them. */
import { expect, test } from "vitest";
import { messageText, readMessage, readMessages, systemText } from "../../src/model/read-message.js";

const call = { type: "tool_call", id: "c1", name: "f", arguments: { a: 1 } };

test.each([
  ["OpenTelemetry", { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "f", arguments: { a: 1 } }] }],
  [
    "OpenAI",
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
    },
  ],
  ["Anthropic", { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "f", input: { a: 1 } }] }],
  ["Vercel", { role: "assistant", content: [{ type: "tool-call", toolCallId: "c1", toolName: "f", input: { a: 1 } }] }],
  ["OpenAI Responses", { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: '{"a":1}' }],
  [
    "LangChain",
    {
      lc: 1,
      type: "constructor",
      id: ["langchain_core", "messages", "AIMessage"],
      kwargs: { content: "", tool_calls: [{ name: "f", args: { a: 1 }, id: "c1" }] },
    },
  ],
  [
    "LangChain over Anthropic, which tells of the call twice",
    {
      lc: 1,
      type: "constructor",
      id: ["langchain_core", "messages", "AIMessageChunk"],
      kwargs: {
        content: [{ type: "tool_use", id: "c1", name: "f", input: { a: 1 } }],
        tool_calls: [{ name: "f", args: { a: 1 }, id: "c1" }],
      },
    },
  ],
])("a tool call of %s", (_, element) => {
  expect(readMessage(element)).toEqual({ role: "assistant", parts: [call] });
});

test.each([
  ["OpenAI", { role: "tool", tool_call_id: "c1", content: "ok" }, "tool"],
  ["OpenTelemetry", { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: "ok" }] }, "tool"],
  [
    "Anthropic",
    { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "ok" }] }] },
    "user",
  ],
  [
    "Vercel",
    {
      role: "tool",
      content: [{ type: "tool-result", toolCallId: "c1", toolName: "f", output: { type: "text", value: "ok" } }],
    },
    "tool",
  ],
  ["OpenAI Responses", { type: "function_call_output", call_id: "c1", output: "ok" }, "tool"],
])("a tool result of %s", (_, element, role) => {
  expect(readMessage(element)).toEqual({ role, parts: [{ type: "tool_call_response", id: "c1", response: "ok" }] });
});

test.each([
  ["plain text", "Hello", [["user", "Hello"]]],
  ["a text that only begins like JSON", "[1] see the note", [["user", "[1] see the note"]]],
  ["JSON that was cut off", '[{"role":"user","cont', [["user", '[{"role":"user","cont']]],
  ["an OpenAI request", '{"model":"m","messages":[{"role":"user","content":"Hi"}]}', [["user", "Hi"]]],
  [
    "an OpenAI response",
    '{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}]}',
    [["assistant", "Hi"]],
  ],
  [
    "Vercel's prompt",
    '{"system":"Be brief","prompt":"Hi"}',
    [
      ["system", "Be brief"],
      ["user", "Hi"],
    ],
  ],
  [
    "a Gemini response",
    '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}',
    [["assistant", "Hi"]],
  ],
  [
    "a LangChain batch",
    '{"messages":[[{"lc":1,"type":"constructor","id":["HumanMessage"],"kwargs":{"content":"Hi"}}]]}',
    [["user", "Hi"]],
  ],
  ["nothing", "", []],
])("%s", (_, json, expected) => {
  expect(readMessages(json).map((message) => [message.role, messageText(message)])).toEqual(expected);
});

test("pictures and files are named with type and size, not repeated", () => {
  const png = "A".repeat(4096);
  const parts = [
    { type: "image_url", image_url: { url: "https://example.com/cat.png" } },
    { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
    { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } },
    { type: "blob", modality: "audio", mime_type: "audio/wav", content: png },
  ];
  expect(messageText(readMessage({ role: "user", content: parts }))).toBe(
    "[image (https://example.com/cat.png)]\n[image (image/png, 3 kB)]\n[image (image/png 3 kB)]\n[audio (audio/wav, 3 kB)]",
  );
});

test("a part of a type that nobody knows stays as the text of its JSON", () => {
  expect(messageText(readMessage({ role: "user", content: [{ type: "hologram", x: 1 }] }))).toBe(
    '{"type":"hologram","x":1}',
  );
});

test("system instructions read as text whether they are parts or text", () => {
  expect(systemText('[{"type":"text","content":"Be brief"}]')).toBe("Be brief");
  expect(systemText("Be brief")).toBe("Be brief");
});
