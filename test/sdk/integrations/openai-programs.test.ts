import { copyFileSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run, spansIn, workspace } from "../program.js";
import {
  type Answer,
  completion,
  events,
  json,
  type OpenAIServer,
  spoken,
  startOpenAIServer,
} from "./openai-server.js";

let server: OpenAIServer;
let space: ReturnType<typeof workspace>;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterAll(() => server.close());
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const answer: Answer = (out, received) =>
  (received.body.stream ? events(spoken(["It", " is"]), "hang") : json(completion()))(out, received);

describe.each(["openai6", "openai"])("A program that has %s installed", (installed) => {
  /** Runs a copy of it beside an installation of its own. */
  async function installedRun(name: string, args: string[], node: string[] = []) {
    server.reply(answer);
    const file = join(space.folder, name);
    copyFileSync(resolve(import.meta.dirname, "../programs", name), file);
    mkdirSync(join(space.folder, "node_modules"));
    symlinkSync(realpathSync(resolve("node_modules", installed)), join(space.folder, "node_modules/openai"));
    const ended = await run("", { db: space.db, file, args: [server.url, ...args], node });
    return { ended, spans: await spansIn(space.db) };
  }

  test.each(["openai-targets.mjs", "openai-targets.cjs"])(
    "records every client without naming the library, imported or required, once: %s",
    async (name) => {
      const { ended, spans } = await installedRun(name, []);
      expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
      expect(spans.map((span) => [span.name, span.status, span.input_tokens])).toEqual([
        ["chat m", "ok", 100],
        ["chat m", "ok", 100],
        ["chat m", "ok", 100],
      ]);
    },
  );

  test.each(["drop", "hold"])("has spans for streams that it leaves alone, be it that it %ss them", async (how) => {
    const { ended, spans } = await installedRun("openai-left.mjs", [how], ["--expose-gc"]);
    expect(ended).toMatchObject(how === "drop" ? { signal: "SIGKILL" } : { code: 0, stderr: "" });
    const byModel = Object.fromEntries(
      spans.map((span) => [span.request_model, [span.status, span.attributes["agensight.stream.end"]]]),
    );
    expect(byModel).toMatchObject({ never: ["ok", "unread"], partly: ["ok", "cancelled"] });
    if (how === "hold") expect(byModel.floating).toEqual(["ok", undefined]);
    const partly = spans.find((span) => span.request_model === "partly");
    expect(partly?.output_messages[0]?.parts).toEqual([{ type: "text", content: "It" }]);
  });
});
