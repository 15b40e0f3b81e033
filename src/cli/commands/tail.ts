/** `agensight tail`: what happens to spans, while it happens. */

import { ChangeStatus, toLiveFilter } from "../../mcp/live-filter.js";
import { escapeUnseen } from "../../mcp/render/fence.js";
import { didYouMean } from "../../mcp/suggest.js";
import { AgensightError } from "../../model/error.js";
import { SpanKind } from "../../model/kind.js";
import type { LiveEvent, LiveFilter } from "../../model/live.js";
import { defineCommand, type OptionSpecs, type OptionValues, storeOptions } from "../command.js";
import { knownToken, readSettings } from "../settings.js";
import { eventLine } from "../tail/line.js";
import type { Follow } from "../tail/source.js";
import { painter, print } from "../terminal.js";

const options = {
  ...storeOptions,
  connect: { type: "string", value: "URL", help: "follow a server instead of a file, such as http://127.0.0.1:4318" },
  token: { type: "string", value: "TOKEN", help: "what that server asks for (default: AGENSIGHT_TOKEN)" },
  session: { type: "string", value: "ID", help: "spans of this session" },
  service: { type: "string", value: "NAME", help: "spans of this service" },
  agent: { type: "string", value: "NAME", help: "spans of this agent" },
  kind: { type: "string", value: "KIND", help: `spans of this kind: ${SpanKind.options.join(", ")}` },
  status: { type: "string", value: "STATUS", help: `spans of this status: ${ChangeStatus.options.join(", ")}` },
  last: {
    type: "string",
    value: "N",
    help: "how many of the newest changes come first (default: 10; none from a server)",
  },
  json: { type: "boolean", help: "one event of /live per line" },
} as const satisfies OptionSpecs;

export const tail = defineCommand({
  name: "tail",
  summary: "show spans while they happen",
  description: `
Follows the store's file, whoever writes it; no server is needed. Each line has the time, what happened (▶ started,
✓ ended, ✗ ended with an error, ∅ abandoned: its program is gone, ↻ content came later), and what the span says.
Where there is no file yet, or with --connect no server, it waits for one. Ends with Ctrl-C.`,
  options,
  examples: [
    ["agensight tail --service my-app --kind llm", "one service's calls to models"],
    ["agensight tail --status error --json | jq .span.preview", "errors for other programs"],
    ["agensight tail --connect http://127.0.0.1:4318", "what a running server sees"],
  ],
  async run(values) {
    const filter = readFilter(values);
    const follow = await source(values, filter);
    const end = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end.abort());
    const paint = painter(process.stdout);
    const line = (event: LiveEvent) =>
      values.json
        ? escapeUnseen(JSON.stringify(event))
        : eventLine(event, paint, process.stdout.columns || Number.POSITIVE_INFINITY);
    // what is waited for keeps no process alive by itself
    const alive = setInterval(() => {}, 2 ** 30);
    try {
      await follow((events) => {
        for (const event of events) print(line(event));
      }, end.signal);
    } finally {
      clearInterval(alive);
    }
    return 0;
  },
});

async function source(values: OptionValues<typeof options>, filter: LiveFilter): Promise<Follow> {
  if (values.connect === undefined) {
    if (values.token !== undefined) throw new AgensightError("bad_argument", "--token needs --connect");
    const last = readCount(values.last ?? "10");
    const { followFile } = await import("../tail/follow-file.js");
    return followFile(await readSettings(values), filter, last);
  }
  for (const name of ["db", "last"] as const)
    if (values[name] !== undefined)
      throw new AgensightError("bad_argument", `--${name} is for a file, --connect for a server: give one of them`);
  const { followServer, liveUrl } = await import("../tail/follow-server.js");
  return followServer(liveUrl(values.connect, filter), knownToken(await readSettings(values)));
}

function readCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new AgensightError("bad_argument", `--last "${text}" is no count`, { hint: "Write it as in --last 20." });
}

function readFilter(values: OptionValues<typeof options>): LiveFilter {
  const { session, service, agent, kind, status } = values;
  return toLiveFilter({
    session,
    service,
    agent,
    kind: oneOf("kind", kind, SpanKind.options),
    status: oneOf("status", status, ChangeStatus.options),
  });
}

function oneOf<T extends string>(name: string, text: string | undefined, all: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = all.find((value) => value === text);
  if (found !== undefined) return found;
  throw new AgensightError("bad_argument", `there is no ${name} "${text}"${didYouMean(text, [...all])}`, {
    hint: `--${name} is one of ${all.join(", ")}.`,
  });
}
