// Uses what is installed of Anthropic's SDK, imported and required, once `instrumentAnthropic` ran without an argument;
// or leaves streams unread: until they are `collected`, or until the program ends (`left`).
import { createRequire } from "node:module";
import { sdk } from "./agensight.mjs";

const [what, url] = process.argv.slice(2);
const { instrumentAnthropic } = await import(`${process.env.AGENSIGHT_SDK}sdk/integrations.js`);
const ask = { model: "claude-sonnet-5-5", max_tokens: 9, messages: [{ role: "user", content: what }] };
const options = { apiKey: "sk-ant-test", baseURL: url };

if (what === "installed") {
  instrumentAnthropic();
  const { default: Imported } = await import("@anthropic-ai/sdk");
  const Required = createRequire(import.meta.url)("@anthropic-ai/sdk");
  const before = new Imported(options);
  sdk.setupTracing("installed");
  await before.messages.create({ ...ask, messages: [{ role: "user", content: "imported" }] });
  await new Required(options).messages.create({ ...ask, messages: [{ role: "user", content: "required" }] });
} else {
  const Anthropic = createRequire(import.meta.url)(process.argv[4]);
  const tracing = sdk.setupTracing("unread");
  instrumentAnthropic(Anthropic);
  const client = new Anthropic(options);
  if (what === "left") {
    globalThis.unread = await client.messages.create({ ...ask, stream: true });
    process.exit(0);
  }
  const collected = new Promise((resolve) => {
    const left = new Set(["stream", "response"]);
    globalThis.registry = new FinalizationRegistry((name) => left.delete(name) && left.size === 0 && resolve());
  });
  await (async () => {
    const { data, response } = await client.messages.create({ ...ask, stream: true }).withResponse();
    registry.register(data, "stream");
    registry.register(response, "response");
  })();
  const collecting = setInterval(gc, 5);
  await collected;
  clearInterval(collecting);
  // those who wait for it are called one after the other
  await new Promise((resolve) => setTimeout(resolve, 50));
  await tracing.flush();
  process.kill(process.pid, "SIGKILL");
}
