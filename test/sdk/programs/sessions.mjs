// A server whose requests name their sessions in every way there is, over kept-alive connections.
import { Agent, createServer, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { sdk } from "./agensight.mjs";

const { agent, enableSessionTracking, setSessionId, setupTracing, startSpan, tool, withSession } = sdk;
setupTracing("sessions");
if (process.argv[2] === "tracked") enableSessionTracking();

async function work(name) {
  await agent(`${name} agent`, async () => {
    await delay(Math.random() * 20);
    await tool(`${name} tool`, async () => delay(1));
  });
}

async function handle(request, response) {
  const [, how, name] = request.url.split("/");
  if (how === "set") setSessionId(`session of ${name}`);
  if (how === "with") await withSession(`session of ${name}`, () => work(name));
  else await work(name);
  response.end();
}

const server = createServer((request, response) => void handle(request, response)).listen(0);
const connections = new Agent({ keepAlive: true, maxSockets: 2 });
const ask = (path) =>
  new Promise((done, failed) => {
    const options = { port: server.address().port, path, agent: connections };
    get(options, (response) => response.resume().on("end", done)).on("error", failed);
  });

await new Promise((listening) => server.once("listening", listening));
await Promise.all(
  ["a", "b", "c", "d"].flatMap((name) => [ask(`/set/${name}1`), ask(`/with/${name}2`), ask(`/none/${name}3`)]),
);

startSpan("outer", () => {
  startSpan("sets it", () => setSessionId("of a span"));
  startSpan("beside it", () => {});
});
withSession("outer session", () => {
  withSession("inner session", () => startSpan("innermost", () => {}));
  startSpan("back outside", { "session.id": "named by hand" }, () => {});
});
server.close();
connections.destroy();
