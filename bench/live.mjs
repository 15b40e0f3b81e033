// How soon a span is seen in another process, and how many can watch at once.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { WebSocket } from "ws";
import { openClient } from "./client.mjs";
import { atMost, quantile, told } from "./figures.mjs";
import { serve } from "./served.mjs";

const isolated = 100;
/** ms between isolated spans, at least: updates of one resource are told at most every 250 ms */
const gap = 300;
const storm = { subscribers: 200, rate: 500, seconds: 20, bytes: 9000 };

export async function run() {
  return [...(await latency()), ...(await crowd())];
}

async function latency() {
  const server = await serve();
  const stdio = await openClient(["mcp", "--db", server.db]);
  const watchers = await watchAll(server, stdio.client);
  try {
    const file = await measure(["file", server.db, isolated, gap], watchers);
    const connect = await measure(["connect", `${server.wsUrl}/ingest`, isolated, gap], watchers);
    return [...rows("through the file", file, 60), ...rows("through connectMcp", connect, 15)];
  } finally {
    watchers.stop();
    await stdio.close();
    await server.stop();
  }
}

function rows(way, found, target) {
  return Object.entries(found).map(([seenBy, delays]) =>
    atMost(
      `live: span end to ${seenBy} ${way}, p95`,
      quantile(delays, 0.95),
      target,
      "ms",
      `p50 ${quantile(delays, 0.5).toFixed(1)} ms, ${delays.length} of ${isolated} isolated spans`,
    ),
  );
}

/** Runs the program; ms from each span's end until each watcher saw it. */
async function measure(args, watchers) {
  watchers.forget();
  const ends = new Map();
  for await (const line of programLines(args)) {
    const { name, ended } = JSON.parse(line);
    ends.set(name, BigInt(ended));
  }
  await delay(500);
  const found = {};
  for (const [who, seen] of Object.entries(watchers.seen)) {
    const delays = [...ends]
      .filter(([name]) => seen.has(name))
      .map(([name, ended]) => Number(seen.get(name) - ended) / 1e6);
    if (delays.length < isolated * 0.9) throw new Error(`${who} saw ${delays.length} of ${ends.size} spans`);
    found[who] = delays;
  }
  // an update names no span: the n-th one belongs to the n-th span that ended before it and was not told yet
  found["resources/updated"] = [...ends.values()].flatMap((ended) => {
    const next = watchers.updates.find((time) => time >= ended);
    return next === undefined ? [] : [Number(next - ended) / 1e6];
  });
  return found;
}

async function* programLines(args) {
  const child = spawn(process.execPath, ["bench/live-program.mjs", ...args.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((done) => child.on("close", done));
  yield* createInterface({ input: child.stdout });
  if ((await ended) !== 0) throw new Error(`bench/live-program.mjs ${args[0]} failed`);
}

/** When each span's end was seen: by name, ns of the monotonic clock. */
async function watchAll(server, client) {
  const seen = { "/live": new Map(), tail_spans: new Map() };
  const updates = [];
  let stopped = false;

  const socket = new WebSocket(`${server.wsUrl}/live`);
  socket.on("message", (data) => {
    const now = process.hrtime.bigint();
    for (const { type, span } of JSON.parse(data)) if (type === "span_ended") seen["/live"].set(span.name, now);
  });
  await new Promise((done, fail) => socket.on("open", done).on("error", fail));

  // two waits at a time would see everything twice; between two of them nothing is lost, the cursor goes on
  const tail = (async () => {
    let cursor;
    while (!stopped) {
      const args = { wait_ms: 5000, format: "json", ...(cursor && { cursor }) };
      const result = await client.callTool({ name: "tail_spans", arguments: args });
      const now = process.hrtime.bigint();
      const { spans, next_cursor } = JSON.parse(result.content[0].text);
      for (const { type, name } of spans) if (type === "span_ended") seen.tail_spans.set(name, now);
      cursor = next_cursor;
    }
  })();
  tail.catch((error) => stopped || console.error(error));

  client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => void updates.push(process.hrtime.bigint()));
  await client.subscribeResource({ uri: "agensight://live" });
  return {
    seen,
    updates,
    forget() {
      for (const map of Object.values(seen)) map.clear();
      updates.length = 0;
    },
    stop() {
      stopped = true;
      socket.terminate();
    },
  };
}

/** 200 subscribers while 500 spans a second come in. */
async function crowd() {
  const { subscribers, rate, seconds, bytes } = storm;
  const server = await serve({ watchLoop: true });
  const spans = rate * seconds;
  const watching = spawn(
    process.execPath,
    ["bench/live-subscribers.mjs", `${server.wsUrl}/live`, subscribers, spans].map(String),
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: watching.stdout })[Symbol.asyncIterator]();
  await lines.next();
  server.resetLoop();
  for await (const _ of programLines(["storm", server.db, rate, seconds, bytes]));
  await delay(2000);
  watching.stdin.end();
  const { complete, least } = JSON.parse((await lines.next()).value);
  const memory = server.peakMemory();
  const { p99, max } = await server.stop();
  const load = `${subscribers} subscribers, ${rate} spans/s of ${bytes / 1000} KB`;
  return [
    atMost(
      "live: subscribers who missed a span",
      subscribers - complete,
      0,
      "",
      `${load}; the least got ${least} of ${spans}`,
    ),
    atMost("live: event loop delay of the server, p99", p99, 50, "ms", `${load}; max ${max.toFixed(0)} ms`),
    atMost("live: the most memory held", memory, 300, "MB", load),
    told("live: messages a second sent to all", rate * subscribers, "/s", "events, in frames of 50 ms"),
  ];
}
