/** `agensight demo`: records a run, imports real traces, asks about them. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { AgensightError } from "../../model/error.js";
import { defineCommand } from "../command.js";
import { hostInstructions, serverCommand } from "../demo/hosts.js";
import { formatCount } from "../quantity.js";
import { engineOption, readSettings, type Settings } from "../settings.js";
import { painter, print, say } from "../terminal.js";
import { version } from "../version.js";

export const demo = defineCommand({
  name: "demo",
  summary: "record a multi-agent run, then question it over MCP; needs no key and no network",
  description: `
Runs a travel desk of three agents against a scripted model on this machine, records it with Agensight's own SDK,
imports traces that other instrumentations wrote, and asks five questions as an MCP client. Ends with what connects
your assistant to the store it made.`,
  options: {
    db: {
      type: "string",
      value: "PATH",
      help: "the demo's store, made anew each time (default: ~/.agensight/demo.db)",
    },
  },
  examples: [["agensight demo", "under a minute"]],
  async run(values) {
    const settings = await readSettings({});
    const db = values.db ? (await readSettings({ db: values.db })).db : join(settings.home, "demo.db");
    const paint = painter(process.stdout);
    const title = (text: string) => print(`\n${paint("bold", text)}`);
    await clearStore({ ...settings, db });

    title("1  Three agents at work, recorded by the SDK");
    const { recordRun } = await import("../demo/record.js");
    await recordRun(db, (session, who, text) =>
      print(`   ${paint("cyan", `${session}, ${who}`)}\n${text.replace(/^/gm, "      ")}`),
    );

    title("2  Traces of other instrumentations");
    if (existsSync(corpus)) {
      const { importFiles } = await import("./import.js");
      const { spans, logs } = await importFiles([corpus], { ...settings, db, retention: {} });
      print(
        `   imported ${formatCount(spans)} spans and ${formatCount(logs)} log records written by OpenTelemetry, OpenLLMetry,\n   OpenInference, the Vercel AI SDK and Anthropic's SDK`,
      );
    } else print("   their samples are not in this installation: the demo goes on without them");

    title("3  Five questions, asked over MCP");
    const server = serverCommand(fileURLToPath(new URL("./bin.js", import.meta.url)), db);
    const [{ ask }, { questions }] = await Promise.all([import("../demo/ask.js"), import("../demo/questions.js")]);
    for await (const { words, tool, arguments: args, answer } of ask(server, version, questions)) {
      print(`\n   ${paint("bold", `“${words}”`)}`);
      print(`   ${paint("cyan", `→ ${tool} ${JSON.stringify(args)}`)}`);
      print(answer.trimEnd().replace(/^/gm, paint("dim", "   │ ")));
    }

    title("4  Ask your own assistant: connect it to this store");
    print(hostInstructions(server).replace(/^(?=.)/gm, "   "));
    say("");
    return 0;
  },
});

/** Made by the build. */
const corpus = fileURLToPath(new URL("./corpus.jsonl.gz", import.meta.url));

/** Removes the store of an earlier demo, and nothing else. */
async function clearStore(settings: Settings): Promise<void> {
  const { db } = settings;
  if (!existsSync(db)) return;
  const { openReader } = await import("../../store/open.js");
  const { demoService } = await import("../demo/record.js");
  const isDemo = await openReader(db, engineOption(settings)).then(
    async (reader) => {
      const { services } = await reader.info();
      reader.close();
      const ours = new Set([demoService, ...corpusServices()]);
      return services.every(({ service }) => ours.has(service));
    },
    () => false,
  );
  if (!isDemo)
    throw new AgensightError("bad_argument", `${db} is not a store that the demo made, so it is left alone`, {
      hint: "Choose a file that does not exist yet: agensight demo --db ./demo.db",
    });
  for (const suffix of ["", "-wal", "-shm", ".lock"]) rmSync(db + suffix, { force: true });
}

function corpusServices(): string[] {
  if (!existsSync(corpus)) return [];
  const text = gunzipSync(readFileSync(corpus)).toString("utf8");
  return Array.from(text.matchAll(/"service\.name","value":\{"stringValue":"([^"]*)"/g), (match) => match[1] ?? "");
}
