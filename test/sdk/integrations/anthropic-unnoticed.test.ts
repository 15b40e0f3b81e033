import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SpanDetail } from "../../../src/store/reader.js";
import { run, spansIn, workspace } from "../program.js";
import {
  events,
  failure,
  json,
  message,
  type Received,
  startAnthropicServer,
  stream,
  toolUse,
} from "./anthropic-server.js";

const answer = message();
const asked = message("claude-sonnet-5-5", {
  content: [toolUse("toolu_1", "weather", { city: "Oslo" })],
  stop_reason: "tool_use",
});
const broken = stream(events(answer).slice(0, 5), { type: "overloaded_error", message: "Overloaded" });
const streamed = stream(events(answer));

/** In the order of the program; `wrong arguments` asks nobody. */
const replies = [
  ...[json(answer), json(answer)],
  ...[streamed, streamed, streamed, broken, streamed, streamed, streamed, broken, streamed],
  ...[json(asked), json(answer)],
  ...[failure(400, "invalid_request_error", "max_tokens: too few"), failure(429, "rate_limit_error"), json(answer)],
  ...[json(answer), json(answer)],
  json({ input_tokens: 3 }),
  ...[1, 2, 3].map(() => failure(401, "authentication_error")),
];
const versions = ["1.x", "0.x with spans of its own", "0.x without spans of its own"];

type Run = {
  code: number | null;
  stdout: string;
  told: string;
  seen: Record<string, { outcomes: unknown[]; unhandled: unknown[] }>;
  /** of each version */
  requests: Record<string, Received[]>;
  spans: SpanDetail[];
};

let server: Awaited<ReturnType<typeof startAnthropicServer>>;
const runs = new Map<string, Run>();
const ran = (mode: string) => runs.get(mode) as Run;

beforeAll(async () => {
  server = await startAnthropicServer();
  for (const mode of ["plain", "traced", "recorded", "broken"]) {
    const space = workspace();
    const first = server.requests.length;
    for (const _ of versions) server.reply(...replies);
    const args = [mode, server.url];
    const { code, stdout, stderr, messages } = await run("anthropic-outcomes.mjs", { db: space.db, args });
    const requests = server.requests.slice(first);
    runs.set(mode, {
      code,
      stdout,
      told: stderr,
      seen: messages[0] as Run["seen"],
      requests: Object.fromEntries(
        versions.map((version, at) => [version, requests.slice(at * replies.length, (at + 1) * replies.length)]),
      ),
      spans: await spansIn(space.db),
    });
    space.remove();
  }
}, 60_000);
afterAll(() => server.close());

/** Where the SDK traces itself, it writes the names of headers in small letters and in order. */
function inOrder(requests: Received[] | undefined) {
  return requests?.map(({ headers, ...request }) => {
    const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}: ${headers[at + 1]}`] : []));
    return { ...request, headers: pairs.sort() };
  });
}

describe.each(versions)("%s", (version) => {
  test("A program sees the same results, errors, chunks and unhandled rejections with us and without us", () => {
    const plain = ran("plain");
    expect(plain).toMatchObject({ code: 0, stdout: "" });
    expect(plain.seen[version]?.outcomes).toHaveLength(18);
    expect(plain.seen[version]?.unhandled).toHaveLength(3);
    expect(ran("recorded")).toMatchObject({ code: 0, stdout: "", told: "" });
    expect(ran("recorded").seen[version]).toEqual(plain.seen[version]);
  });

  test("The server is sent the same with us and without us", () => {
    expect(ran("plain").requests[version]).toHaveLength(replies.length);
    expect(ran("recorded").requests[version]).toEqual(ran("traced").requests[version]);
    expect(inOrder(ran("recorded").requests[version])).toEqual(inOrder(ran("plain").requests[version]));
  });

  test("Where all of ours fails, the program notices nothing", () => {
    expect(ran("broken")).toMatchObject({
      code: 0,
      stdout: "",
      told: expect.stringContaining("diag error: agensight:"),
    });
    expect(ran("broken").seen[version]).toEqual(ran("plain").seen[version]);
    expect(inOrder(ran("broken").requests[version])).toEqual(inOrder(ran("plain").requests[version]));
  });
});

test("Each call of a model has one span, and all of them end", () => {
  const calls = ran("recorded").spans.filter((span) => span.kind === "llm");
  // all but the one without arguments and the one that counts tokens; the runner makes two
  expect(calls).toHaveLength(3 * 20);
  expect(calls.every((span) => span.end !== null)).toBe(true);
});
