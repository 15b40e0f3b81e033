// Posts the lines of a file to an OTLP endpoint over 4 connections and prints {seconds, requests, spans}.
// Usage: node bench/post-requests.mjs FILE URL
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

const [file, url] = process.argv.slice(2);
const connections = 4;
const bytes = readFileSync(file);
const lines = [];
for (let from = 0; from < bytes.length; ) {
  const end = bytes.indexOf(10, from);
  lines.push(bytes.subarray(from, end));
  from = end + 1;
}
const spans = lines.reduce((sum, line) => sum + line.toString("latin1").split('"spanId"').length - 1, 0);
const agent = new Agent({ keepAlive: true, maxSockets: connections });

function post(body) {
  return new Promise((done, fail) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => done({ status: response.statusCode, text }));
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

let next = 0;
let refused = 0;
async function connection() {
  while (next < lines.length) {
    const line = lines[next++];
    for (;;) {
      const { status, text } = await post(line);
      if (status === 200) break;
      if (status !== 503 && status !== 429) throw new Error(`${status}: ${text.slice(0, 300)}`);
      refused++;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

const began = performance.now();
await Promise.all(Array.from({ length: connections }, connection));
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ seconds, requests: lines.length, spans, refused }));
process.exit(0);
