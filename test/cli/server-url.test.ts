import { expect, test } from "vitest";
import { AgensightError } from "../../src/model/error.js";
import { serverUrl } from "../../src/model/server-url.js";

test.each([
  ["localhost:4318", "ws://localhost:4318/live"],
  ["[::1]:4318/", "ws://[::1]:4318/live"],
  ["http://127.0.0.1:4318", "ws://127.0.0.1:4318/live"],
  ["http://127.0.0.1:4318/mcp", "ws://127.0.0.1:4318/live"],
  ["ws://127.0.0.1:4318/ws/", "ws://127.0.0.1:4318/live"],
  ["https://agents.example/ingest?access_token=x#y", "wss://agents.example/live?access_token=x"],
  ["wss://agents.example/live", "wss://agents.example/live"],
  ["https://agents.example/team/mcp", "wss://agents.example/team/live"],
  ["https://agents.example/spans/of/mine", "wss://agents.example/spans/of/mine"],
])("%s leads to %s", (text, url) => {
  expect(serverUrl(text, "/live").href).toBe(url);
});

test.each(["", "ftp://127.0.0.1", "http://localhost:s3cret", "http://?access_token=s3cret"])(
  "%j is refused, and not repeated",
  (text) => {
    let error: unknown;
    try {
      serverUrl(text, "/ws");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(AgensightError);
    expect(error).toMatchObject({ code: "bad_argument", hint: expect.stringContaining("http://127.0.0.1:4318") });
    expect(String(error)).not.toContain("s3cret");
  },
);
