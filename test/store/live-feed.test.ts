/** What happens to spans, told while it happens: all of it, once, whoever wrote it. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import type { Change } from "../../src/model/live.js";
import { watchStore } from "../../src/store/current-store.js";
import type { EngineName } from "../../src/store/engines/engine.js";
import { type ChangeBatch, type Listening, type LiveFeed, openLiveFeed } from "../../src/store/live-feed.js";
import { openForWriting } from "../../src/store/open-store.js";
import type { TraceReader } from "../../src/store/reader.js";
import { availableEngines, engineOfEachFamily, nativeEngines } from "./available-engines.js";
import { chat, message, requestOf, span, spanId, traceId } from "./otlp.js";
import { spansPerBatch } from "./programs/numbered-batches.js";
import { runProgram, startProgram } from "./run-program.js";
import { newStorePath, temporaryFolder } from "./temporary-folder.js";

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const undo of cleanup.splice(0).reverse()) undo();
});

type Feed = {
  live: LiveFeed;
  /** questions for changes that were asked of the store */
  reads(): number;
};

function feedOf(path: string, engine?: EngineName): Feed {
  const store = watchStore(path, engine ? { engine } : {}, () => {});
  let reads = 0;
  const counting = (reader: TraceReader): TraceReader => ({
    ...reader,
    changes: (query) => {
      reads++;
      return reader.changes(query);
    },
  });
  const live = openLiveFeed(path, async () => {
    const reader = await store.reader();
    return reader && counting(reader);
  });
  cleanup.push(() => {
    live.close();
    store.close();
  });
  return { live, reads: () => reads };
}

async function ingestOf(path: string, engine?: EngineName): Promise<Ingest> {
  const ingest = await openIngest({ path, ...(engine ? { engine } : {}) });
  cleanup.push(() => ingest.close());
  return ingest;
}

type Heard = {
  listening: Listening;
  batches: ChangeBatch[];
  changes(): Change[];
  names(): string[];
  /** resolves when what was heard satisfies it */
  until(enough: (heard: Change[]) => boolean): Promise<void>;
};

async function hear(live: LiveFeed, options: { previews?: boolean } = {}): Promise<Heard> {
  const batches: ChangeBatch[] = [];
  const waiting = new Set<() => void>();
  const listening = await live.listen((batch) => {
    batches.push(batch);
    for (const check of waiting) check();
  }, options);
  const changes = () => batches.flatMap((batch) => batch.changes);
  return {
    listening,
    batches,
    changes,
    names: () => changes().map((change) => change.span.name),
    until: (enough) =>
      new Promise((resolve) => {
        const check = () => {
          if (!enough(changes())) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

const named = (name: string) => (heard: Change[]) => heard.some((change) => change.span.name === name);
let made = 0;
const one = (name: string, over: Partial<Parameters<typeof span>[0]> = {}) => {
  made++;
  return requestOf([span({ trace: 100_000 + made, id: 100_000 + made, name, ...over })]);
};

describe.each(availableEngines)("on %s", (engine) => {
  test("tells what this process writes: starts, ends and abandoned spans, with their place in the count", async () => {
    const path = newStorePath();
    const ingest = await ingestOf(path, engine);
    ingest.traces(one("before"));
    const { live } = feedOf(path, engine);
    const heard = await hear(live);
    expect(heard.listening.seq).toBe(1);
    const open = { trace: 900, id: 900, name: "work" };
    ingest.traces(requestOf([span({ ...open, ms: null })]));
    await heard.until((changes) => changes.length === 1);
    ingest.traces(requestOf([span({ ...open, ms: 20 })]));
    await heard.until((changes) => changes.length === 2);
    ingest.traces(requestOf([span({ trace: 901, id: 901, ms: null })]));
    await heard.until((changes) => changes.length === 3);
    ingest.abandon([{ trace_id: traceId(901), span_id: spanId(901) }]);
    await heard.until((changes) => changes.length === 4);
    expect(heard.changes().map(({ type, span }) => [type, span.seq, span.status])).toEqual([
      ["span_started", 2, "running"],
      ["span_ended", 3, "ok"],
      ["span_started", 4, "running"],
      ["span_abandoned", 5, "abandoned"],
    ]);
    expect(heard.batches.at(-1)?.as_of_seq).toBe(5);
    expect(heard.batches.at(-1)?.store_id).toBe(heard.listening.store_id);
  });

  test("tells what another process writes, every span once and in order, to each listener from where it joined", async () => {
    const path = newStorePath();
    const { live } = feedOf(path, engine);
    const first = await hear(live);
    const writer = await startProgram("write-batches", { path, engine, writer: 0, from: 0, pause: 2 });
    await first.until((changes) => changes.length >= 3 * spansPerBatch);
    const late = await hear(live);
    await late.until((changes) => changes.length >= 3 * spansPerBatch);
    writer.child.stdin?.write("stop\n");
    expect([await writer.ended, writer.stderr()]).toEqual([0, ""]);
    const batches = writer.lines.filter((line) => line.startsWith("ack")).length;
    await first.until((changes) => changes.length >= batches * spansPerBatch);

    const all = first.changes().map((change) => change.span);
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: batches * spansPerBatch }, (_, i) => i + 1));
    expect(new Set(all.map(({ trace_id, span_id }) => `${trace_id} ${span_id}`)).size).toBe(all.length);
    const seen = late.changes().map((change) => change.span.seq);
    expect(seen[0]).toBe(late.listening.seq + 1);
    await late.until((changes) => changes.at(-1)?.span.seq === all.length);
    expect(late.changes().length).toBe(all.length - late.listening.seq);
  });
});

describe.each(engineOfEachFamily)("on %s", (engine) => {
  test("sees a file that appears later, in a folder that appears later", async () => {
    const path = join(temporaryFolder(), "not", "yet", "traces.db");
    const { live } = feedOf(path, engine);
    const heard = await hear(live);
    expect(heard.listening).toMatchObject({ seq: 0, store_id: "" });
    (await ingestOf(path, engine)).traces(one("first"));
    await heard.until(named("first"));
    expect(heard.names()).toEqual(["first"]);
  });

  test("tells all of a file that takes the place of another, and goes on with it", async () => {
    const path = newStorePath();
    const old = await openIngest({ path, engine });
    old.traces(requestOf([span({ trace: 1, id: 1, name: "old" }), span({ trace: 1, id: 2, name: "old too" })]));
    const { live } = feedOf(path, engine);
    const heard = await hear(live);
    old.traces(one("old still"));
    await heard.until(named("old still"));
    old.close();

    const [other, file] = [newStorePath(), join(temporaryFolder(), "new.jsonl")];
    writeFileSync(file, JSON.stringify(one("new")));
    // a process that has ended leaves everything in the one file
    await runProgram("ingest-file", { path: other, engine, file });
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    renameSync(other, path);
    await heard.until(named("new"));
    (await ingestOf(path, engine)).traces(one("newer"));
    await heard.until(named("newer"));
    expect(heard.names()).toEqual(["old still", "new", "newer"]);
    expect(new Set(heard.batches.map((batch) => batch.store_id)).size).toBe(2);
  });
});

describe("a live feed", () => {
  test("goes on when the folder was removed and made again", async () => {
    const path = join(temporaryFolder(), "again", "traces.db");
    const before = await openIngest({ path });
    const { live } = feedOf(path);
    const heard = await hear(live);
    before.traces(one("before"));
    await heard.until(named("before"));
    before.close();
    rmSync(dirname(path), { recursive: true });
    mkdirSync(dirname(path));
    const ingest = await ingestOf(path);
    for (const name of ["after", "after that"]) {
      ingest.traces(one(name));
      await heard.until(named(name));
    }
    expect(heard.names()).toEqual(["before", "after", "after that"]);
  });

  test("follows a symbolic link to the file's own folder", async () => {
    const path = newStorePath();
    const ingest = await ingestOf(path);
    const link = join(temporaryFolder(), "link.db");
    symlinkSync(path, link);
    const { live } = feedOf(link);
    const heard = await hear(live);
    ingest.traces(one("seen through a link"));
    await heard.until(named("seen through a link"));
    expect(heard.names()).toEqual(["seen through a link"]);
  });

  test("carries previews when somebody wants them", async () => {
    const path = newStorePath();
    const ingest = await ingestOf(path);
    const { live } = feedOf(path);
    const plain = await hear(live);
    const call = (reply: string) =>
      one(reply, { attributes: chat({ messages: [message("user", "How far is the moon?")], reply }) });
    ingest.traces(call("far"));
    await plain.until(named("far"));
    expect(plain.changes()[0]?.preview).toBeNull();
    const curious = await hear(live, { previews: true });
    ingest.traces(call("384,400 km"));
    await curious.until(named("384,400 km"));
    expect(curious.changes()[0]?.preview).toBe("384,400 km");
  });

  test("counts the spans that recorders left out, once", async () => {
    const path = newStorePath();
    const ingest = await ingestOf(path);
    ingest.dropped(5);
    const { live } = feedOf(path);
    const heard = await hear(live);
    ingest.dropped(3);
    ingest.traces(one("next"));
    await heard.until(named("next"));
    ingest.traces(one("last"));
    await heard.until(named("last"));
    expect(heard.batches.map((batch) => batch.dropped).reduce((sum, n) => sum + n, 0)).toBe(3);
  });

  test("asks the store about twice a second while nothing happens, and nothing at all once nobody listens", async () => {
    const path = newStorePath();
    await ingestOf(path);
    const { live, reads } = feedOf(path);
    const heard = await hear(live);
    const second = await hear(live);
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const joined = reads();
    await pause(2000);
    expect(reads() - joined).toBeLessThanOrEqual(8);
    expect(heard.batches).toEqual([]);
    heard.listening.stop();
    second.listening.stop();
    second.listening.stop();
    await pause(50);
    const stopped = reads();
    await pause(1200);
    expect(reads()).toBe(stopped);
  });

  test("is not kept busy by a file that it is not allowed to read", async () => {
    const path = newStorePath();
    const engine = await openForWriting(path);
    const store = watchStore(path, {}, () => {});
    let asked = 0;
    const live = openLiveFeed(path, () => {
      asked++;
      return store.reader();
    });
    cleanup.push(() => {
      live.close();
      store.close();
    });
    const heard = await hear(live);
    heard.listening.stop();
    engine.exec("PRAGMA user_version=99");
    engine.close();
    const away = `${path}.away`;
    renameSync(path, away);
    const hopeful = await hear(live);
    const before = asked;
    renameSync(away, path);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(asked - before).toBeLessThanOrEqual(16);
    expect(hopeful.batches).toEqual([]);
  });

  test("a listener that throws harms neither the others nor what comes next", async () => {
    const path = newStorePath();
    const ingest = await ingestOf(path);
    const { live } = feedOf(path);
    let thrown = 0;
    await live.listen(() => {
      thrown++;
      throw new Error("a listener's own mistake");
    });
    const heard = await hear(live);
    for (const name of ["one", "two"]) {
      ingest.traces(one(name));
      await heard.until(named(name));
    }
    expect(heard.names()).toEqual(["one", "two"]);
    expect(thrown).toBe(2);
  });

  test("a listener that stopped, or was closed with the feed, hears nothing more", async () => {
    const path = newStorePath();
    const ingest = await ingestOf(path);
    const { live } = feedOf(path);
    const [stopped, stays] = [await hear(live), await hear(live)];
    stopped.listening.stop();
    ingest.traces(one("after one stopped"));
    await stays.until(named("after one stopped"));
    live.close();
    ingest.traces(one("after the end"));
    live.look();
    const { live: again } = feedOf(path);
    const witness = await hear(again);
    ingest.traces(one("witnessed"));
    await witness.until(named("witnessed"));
    expect([stopped.names(), stays.names()]).toEqual([[], ["after one stopped"]]);
  });

  test("tells a large import page by page, and other work goes on in between", { timeout: 60_000 }, async () => {
    const path = newStorePath();
    const ingest = await ingestOf(path);
    const { live } = feedOf(path);
    const heard = await hear(live);
    const many = 20_000;
    const spans = Array.from({ length: many }, (_, i) => span({ trace: 5000 + Math.floor(i / 100), id: i, name: "m" }));
    ingest.traces(requestOf(spans));
    let turns = 0;
    const count = () => {
      turns++;
      if (heard.changes().length < many) setImmediate(count);
    };
    setImmediate(count);
    await heard.until((changes) => changes.length === many);
    expect(heard.changes().map((change) => change.span.seq)).toEqual(Array.from({ length: many }, (_, i) => i + 1));
    expect(Math.max(...heard.batches.map((batch) => batch.changes.length))).toBeLessThanOrEqual(500);
    expect(turns).toBeGreaterThanOrEqual(many / 500 - 1);
  });

  test.skipIf(nativeEngines.length === 0)(
    "misses nothing and tells nothing twice while listeners come and go in a storm of commits",
    { timeout: 60_000 },
    async () => {
      const path = newStorePath();
      const engine = nativeEngines[0] as EngineName;
      await ingestOf(path, engine);
      const { live } = feedOf(path, engine);
      const writers = await Promise.all(
        [0, 1].map((writer) => startProgram("write-batches", { path, engine, writer, from: 0, pause: 0 })),
      );
      await Promise.all(writers.map((program) => program.line((line) => line === "ack 1")));
      const all: Heard[] = [];
      for (let n = 0; n < 40; n++) {
        const heard = await hear(live, { previews: n % 3 === 0 });
        all.push(heard);
        const goal = n % 5;
        await heard.until((changes) => changes.length >= goal);
        if (n % 2 === 0) heard.listening.stop();
      }
      for (const program of writers) program.child.stdin?.write("stop\n");
      await Promise.all(writers.map((program) => program.ended));
      const batches = writers.flatMap((program) => program.lines.filter((line) => line.startsWith("ack"))).length;
      const last = batches * spansPerBatch;
      for (const [n, heard] of all.entries()) {
        if (n % 2 === 1) await heard.until((changes) => changes.at(-1)?.span.seq === last);
        const seqs = heard.changes().map((change) => change.span.seq);
        expect(seqs).toEqual(seqs.map((_, i) => heard.listening.seq + 1 + i));
      }
    },
  );
});
