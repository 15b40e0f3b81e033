import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
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
const overloaded = { type: "overloaded_error", message: "Overloaded" };

let server: Awaited<ReturnType<typeof startAnthropicServer>>;
let space: ReturnType<typeof workspace>;
beforeAll(async () => {
  server = await startAnthropicServer();
});
afterAll(() => server.close());
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

/** What the program saw, and what the server saw of it. */
async function outcomes(library: string, mode: string, env: Record<string, string>) {
  const first = server.requests.length;
  const streamed = stream(events(answer));
  server.reply(
    ...[json(answer), json(answer)],
    ...[streamed, streamed, streamed, stream(events(answer).slice(0, 5), overloaded), streamed, streamed],
    ...[streamed, stream(events(answer).slice(0, 5), overloaded), streamed],
    ...[json(asked), json(answer)],
    ...[failure(400, "invalid_request_error", "max_tokens: too few"), failure(429, "rate_limit_error"), json(answer)],
    ...[json(answer), json(answer)],
    json({ input_tokens: 3 }),
    ...[1, 2, 3].map(() => failure(401, "authentication_error")),
  );
  const ended = await run("anthropic-outcomes.mjs", { db: space.db, args: [library, mode, server.url], env });
  return {
    told: ended.stderr,
    requests: server.requests.slice(first),
    rest: {
      code: ended.code,
      stdout: ended.stdout,
      ...(ended.messages[0] as { outcomes: unknown[]; unhandled: unknown[] }),
    },
  };
}

/** Where the SDK traces itself, it writes the names of headers in small letters and in order. */
function inOrder(requests: Received[]) {
  return requests.map(({ headers, ...request }) => {
    const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}: ${headers[at + 1]}`] : []));
    return { ...request, headers: pairs.sort() };
  });
}

describe.each([
  ["1.x", "@anthropic-ai/sdk", {}],
  ["0.x with spans of its own", "anthropic0", {}],
  process.env.TEST_ANTHROPIC
    ? ["0.x without spans of its own", process.env.TEST_ANTHROPIC, {}]
    : ["0.x without spans of its own", "anthropic0", { WITHOUT_SPANS: "1" }],
] as [string, string, Record<string, string>][])("%s", (_, library, env) => {
  test("A program sees, sends and is told the same with us, without us, and when all of ours fails", async () => {
    const plain = await outcomes(library, "plain", env);
    expect(plain.rest).toMatchObject({ code: 0, stdout: "" });
    expect(plain.rest.outcomes).toHaveLength(18);
    expect(plain.rest.unhandled).toHaveLength(3);

    const recorded = await outcomes(library, "recorded", env);
    const calls = (await spansIn(space.db)).filter((span) => span.kind === "llm");
    // all but the one without arguments and the one that counts tokens; the runner makes two
    expect(calls).toHaveLength(20);
    expect(calls.every((span) => span.end !== null)).toBe(true);
    expect(recorded.told).not.toContain("diag");
    expect(recorded.rest).toEqual(plain.rest);
    expect(inOrder(recorded.requests)).toEqual(inOrder(plain.requests));
    const traced = await outcomes(library, "traced", env);
    expect(recorded.requests).toEqual(traced.requests);

    const broken = await outcomes(library, "broken", env);
    expect(broken.told).toContain("diag error: agensight:");
    expect(broken.rest).toEqual(plain.rest);
    expect(inOrder(broken.requests)).toEqual(inOrder(plain.requests));
  });
});
