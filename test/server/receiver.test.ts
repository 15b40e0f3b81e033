/** The receiving thread dies: senders are told to come again, and another takes its place. And what cannot be handed to it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultRedaction } from "../../src/redaction/settings.js";
import { openReceiver } from "../../src/server/receiving/open-receiver.js";
import { temporaryFolder } from "../store/temporary-folder.js";

/** Takes everything, and dies of what says so. */
const mortal = `
const { parentPort, workerData } = require("node:worker_threads");
const { appendFileSync } = require("node:fs");
const receipt = { accepted: 1, rejected: 0, reasons: [] };
parentPort.on("message", (message) => {
  const text = message.type === "body" ? Buffer.from(message.body.bytes).toString() : "";
  if (text === "die") process.exit(3);
  if (text === "throw") throw new Error("this happens");
  if (message.type === "body") appendFileSync(workerData.path, text + "\\n");
  parentPort.postMessage({ type: "done", id: message.id, receipt });
});`;

test.each(["die", "throw"])(
  "A thread that ends (%s) takes no acknowledged request with it, and is replaced",
  async (word) => {
    const folder = temporaryFolder();
    const file = join(folder, "thread.cjs");
    writeFileSync(file, mortal);
    const said: string[] = [];
    const receiver = await openReceiver({
      path: join(folder, "written"),
      home: folder,
      engine: null,
      retention: null,
      redaction: defaultRedaction,
      thread: { file, env: {} },
      committed: () => {},
      say: (line) => said.push(line),
    });
    const send = (text: string) =>
      receiver.receive({
        signal: "traces",
        format: "json",
        encoding: "identity",
        bytes: new Uint8Array(Buffer.from(text)),
      });
    expect(await send("one")).toEqual({ accepted: 1, rejected: 0, reasons: [] });
    const [dying, behind] = await Promise.allSettled([send(word), send("two")]);
    for (const outcome of [dying, behind])
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "busy", hint: "Send it again in a moment." },
      });
    let again: unknown;
    while (!again) {
      again = await send("three").catch(() => null);
      await new Promise(setImmediate);
    }
    expect(again).toMatchObject({ accepted: 1 });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("is started again");
    await receiver.close();
    await expect(send("four")).rejects.toMatchObject({ code: "busy" });
  },
);

test("What cannot be handed to the thread is refused, and leaves nothing behind", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "thread.cjs");
  writeFileSync(file, mortal);
  const said: string[] = [];
  const receiver = await openReceiver({
    path: join(folder, "written"),
    home: folder,
    engine: null,
    retention: null,
    redaction: defaultRedaction,
    thread: { file, env: {} },
    committed: () => {},
    say: (line) => said.push(line),
  });
  let deep: unknown[] = [];
  for (let level = 0; level < 200_000; level++) deep = [deep];
  await expect(receiver.write({ resourceSpans: deep as [] })).rejects.toThrow(RangeError);
  expect(await receiver.write({ resourceSpans: [] })).toMatchObject({ accepted: 1 });
  await receiver.close();
  expect(said).toEqual([]);
});
