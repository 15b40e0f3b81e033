/** Files and folders that cannot be written, disks that are full, locks that are held: a clear error, and nothing lost. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import { openPreparer } from "../../src/ingest/prepare.js";
import { openForWriting } from "../../src/store/open-store.js";
import { openSpanWriter } from "../../src/store/writer.js";
import { availableEngines, engineOfEachFamily, nativeEngines } from "../store/available-engines.js";
import { chat, message, requestOf, span, traceId } from "../store/otlp.js";
import { runProgram, startProgram } from "../store/run-program.js";
import { seeded } from "../store/seeded.js";
import { type Target, withIngest, withReader } from "../store/store.js";
import { newStorePath, temporaryFolder } from "../store/temporary-folder.js";

const isUnix = process.getuid !== undefined;

/** Root may write everywhere, so tests that run as root become someone else for a moment. */
async function withoutRights<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** A store that a process of its own has written one span to and left. */
async function storeLeftBehind(target: Target): Promise<void> {
  const file = join(temporaryFolder(), "one.jsonl");
  writeFileSync(file, JSON.stringify(requestOf([span({ trace: 1, id: 1 })])));
  await runProgram("ingest-file", { ...target, file });
}

const countTraces = (target: Target) =>
  withReader(target, async (reader) => (await reader.listTraces({ limit: 200 })).traces.length);
const writeOne = (target: Target) =>
  withIngest(target, (ingest) => ingest.traces(requestOf([span({ trace: 2, id: 2 })])));

describe.each(availableEngines)("on %s", (engine) => {
  describe.skipIf(!isUnix)("without rights", () => {
    test.each([
      ["a file that is read-only, in a folder that is", 0o444, 0o555],
      ["a file that is read-only, in a folder that is not", 0o444, 0o777],
      ["a file in a folder that is read-only", 0o666, 0o555],
    ])("%s can be read and not written, and says so", async (_, fileMode, folderMode) => {
      const target = { path: newStorePath(), engine };
      await storeLeftBehind(target);
      const before = readFileSync(target.path);
      chmodSync(target.path, fileMode);
      chmodSync(dirname(target.path), folderMode);
      await withoutRights(async () => {
        await expect(writeOne(target)).rejects.toMatchObject({
          name: "AgensightError",
          code: "read_only",
          message: expect.stringContaining(target.path),
          hint: expect.stringMatching(/permission/),
        });
        expect(await countTraces(target)).toBe(1);
      });
      chmodSync(dirname(target.path), 0o700);
      expect(readFileSync(target.path).equals(before)).toBe(true);
    });

    test("a file that may not even be read is a clear error", async () => {
      const target = { path: newStorePath(), engine };
      await storeLeftBehind(target);
      chmodSync(dirname(target.path), 0o755);
      await withoutRights(async () => {
        await expect(countTraces(target)).rejects.toMatchObject({
          name: "AgensightError",
          code: "bad_input",
          message: expect.stringContaining("cannot be opened"),
        });
        await expect(writeOne(target)).rejects.toMatchObject({ name: "AgensightError" });
      });
    });

    test("a folder in which no file may be made is a clear error, and leaves nothing behind", async () => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o555);
      const target = { path: join(folder, "deeper", "traces.db"), engine };
      await withoutRights(async () => {
        await expect(writeOne(target)).rejects.toMatchObject({
          name: "AgensightError",
          code: "read_only",
          hint: expect.stringContaining("--db"),
        });
      });
      expect(existsSync(dirname(target.path))).toBe(false);
      chmodSync(folder, 0o700);
    });
  });

  test("a folder that is missing is made, also several deep", async () => {
    const target = { path: join(temporaryFolder(), "a", "b", "c", "traces.db"), engine };
    await writeOne(target);
    expect(await countTraces(target)).toBe(1);
  });

  test("a path that leads through a file is a clear error", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "x");
    await expect(writeOne({ path: join(file, "traces.db"), engine })).rejects.toMatchObject({
      name: "AgensightError",
      message: expect.stringContaining("cannot be created"),
    });
  });

  test("a store that may not grow refuses what does not fit, keeps the rest, and goes on when there is room", async () => {
    const target = { path: newStorePath(), engine };
    const preparer = await openPreparer();
    const opened = await openForWriting(target.path, { engine });
    opened.exec(`PRAGMA max_page_count=${Number(opened.get("PRAGMA page_count")?.page_count) + 40}`);
    const writer = openSpanWriter(opened);
    const kept: number[] = [];
    const refused: number[] = [];
    for (let n = 1; n <= 30; n++) {
      try {
        writer.write(preparer.traces(bigRequest(n)).spans);
        kept.push(n);
      } catch (error) {
        expect(error).toMatchObject({
          name: "AgensightError",
          code: "disk_full",
          message: expect.stringContaining(target.path),
        });
        refused.push(n);
      }
    }
    expect(kept.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    opened.exec("PRAGMA max_page_count=1000000");
    const again = refused[0] as number;
    writer.write(preparer.traces(bigRequest(again)).spans);
    expect(opened.get("PRAGMA integrity_check")?.integrity_check).toBe("ok");
    opened.sync();
    opened.close();
    await expectWhole(target, [...kept, again]);
  });
});

/** About 30 KB that do not shrink. */
function bigRequest(n: number) {
  const random = seeded(n);
  const text = Array.from({ length: 4000 }, () => random.below(2 ** 31).toString(36)).join(" ");
  return requestOf([span({ trace: n, id: n, attributes: chat({ messages: [message("user", text)] }) })]);
}

async function expectWhole(target: Target, traces: number[]): Promise<void> {
  await withReader(target, async (reader) => {
    const listed = (await reader.listTraces({ limit: 200 })).traces.map((trace) => trace.trace_id);
    expect(listed.sort()).toEqual(traces.map(traceId).sort());
    for (const n of traces) {
      const { spans } = await reader.getTrace({ trace_id: traceId(n) });
      const { input_messages } = await reader.getSpan({ span_id: spans[0]?.span_id as string });
      const sent = bigRequest(n).resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0]?.attributes?.find(
        ({ key }) => key === "gen_ai.input.messages",
      )?.value?.stringValue;
      expect(JSON.stringify(input_messages)).toBe(sent);
    }
  });
}

const diskCommands = { mount: "mount", unmount: "umount" };
const disks: string[] = [];
afterAll(() => {
  for (const folder of disks) spawnSync(diskCommands.unmount, ["-l", folder]);
});

/** false where that is not allowed: it takes root and a system of our own. */
function mountSmallDisk(folder: string, size: string): boolean {
  const { status } = spawnSync(diskCommands.mount, ["-t", "tmpfs", "-o", `size=${size}`, "agensight-test", folder]);
  if (status === 0) disks.push(folder);
  return status === 0;
}

describe.each(engineOfEachFamily)("on a disk that is full, %s", (engine) => {
  test("refuses what does not fit, keeps the rest, and goes on when there is room", async ({ skip }) => {
    const folder = temporaryFolder();
    skip(!mountSmallDisk(folder, "3m"), "no small disk can be mounted here");
    const ballast = join(folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(1_000_000, 1));
    const target = { path: join(folder, "traces.db"), engine };
    const ingest = await openIngest(target);
    const kept: number[] = [];
    let next = 1;
    for (; next <= 100; next++) {
      try {
        ingest.traces(bigRequest(next));
        kept.push(next);
      } catch (error) {
        expect(error).toMatchObject({
          name: "AgensightError",
          code: "disk_full",
          hint: expect.stringContaining("space"),
        });
        break;
      }
    }
    expect(kept.length).toBeGreaterThan(3);
    expect(next).toBeLessThan(100);
    await expectWhole(target, kept);
    rmSync(ballast);
    ingest.traces(bigRequest(next));
    ingest.close();
    await expectWhole(target, [...kept, next]);
  });

  test("has no room for a new store at all: a clear error", async ({ skip }) => {
    const folder = temporaryFolder();
    skip(!mountSmallDisk(folder, "64k"), "no small disk can be mounted here");
    await expect(writeOne({ path: join(folder, "traces.db"), engine })).rejects.toMatchObject({
      name: "AgensightError",
      code: "disk_full",
    });
  });
});

test.each(nativeEngines.slice(0, 1))(
  "a store that another process keeps locked is a clear error, and is written when it is free (%s)",
  async (engine) => {
    const target = { path: newStorePath(), engine };
    await writeOne(target);
    const ingest = await openIngest(target);
    const program = await startProgram("use-engine", { ...target, sql: "BEGIN IMMEDIATE" });
    await program.line((line) => line === "ready");
    const request = requestOf([span({ trace: 3, id: 3 })]);
    expect(() => ingest.traces(request)).toThrow(expect.objectContaining({ name: "AgensightError", code: "busy" }));
    program.child.stdin?.write("\n");
    await program.ended;
    expect(ingest.traces(request)).toMatchObject({ accepted: 1, unchanged: 0 });
    ingest.close();
    expect(await countTraces(target)).toBe(2);
  },
);
