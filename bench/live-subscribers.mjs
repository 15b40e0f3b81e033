// Many subscribers of `/live` in one process: counts what each of them got.
// Arguments: URL, subscribers, spans. Prints "ready", then on stdin's end a JSON line {complete, least, most}.
import { WebSocket } from "ws";

const [url, subscribers, spans] = process.argv.slice(2);
const counts = await Promise.all(
  Array.from({ length: Number(subscribers) }, async () => {
    const seen = new Set();
    const socket = new WebSocket(url);
    // the ids alone: parsing 200 copies of every frame would measure this process
    socket.on("message", (data) => {
      for (const [, id] of data.toString("latin1").matchAll(/"type":"span_ended"[^{]*?"span_id":"([0-9a-f]{16})"/g))
        seen.add(id);
    });
    await new Promise((done, fail) => socket.on("open", done).on("error", fail));
    return { seen, closed: new Promise((done) => socket.on("close", (code) => done(code))) };
  }),
);
console.log("ready");
process.stdin.resume();
await new Promise((done) => process.stdin.on("end", done));
const sizes = counts.map(({ seen }) => seen.size);
const complete = sizes.filter((size) => size === Number(spans)).length;
console.log(JSON.stringify({ complete, least: Math.min(...sizes), most: Math.max(...sizes) }));
process.exit(0);
