/** `agensight serve`: one address for programs that send spans and for those who ask about them. */
import { randomBytes } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import { isLoopback } from "../../server/guard.js";
import type { ServerContext } from "../../server/route.js";
import { makeRoutes, socketRoutes } from "../../server/routes.js";
import { openLiveFeed } from "../../store/live-feed.js";
import { recentStores } from "../../store/stores-file.js";
import { portNumber } from "../arguments.js";
import { contentOption, defineCommand, redactionOption, retentionOptions, storeOptions } from "../command.js";
import { authority, listen, reachable } from "../serve/listen.js";
import { startReceiver } from "../serve/receiver.js";
import { contentFor, readSettings, type Settings } from "../settings.js";
import { watchShownStore } from "../shown-store.js";
import { say } from "../terminal.js";
import { version } from "../version.js";

export const serve = defineCommand({
  name: "serve",
  summary: "receive spans and answer questions over the network",
  description: `
Receives OpenTelemetry's OTLP over HTTP (JSON and protobuf) at the port where OpenTelemetry SDKs send it when they are
told nothing, and answers MCP clients over HTTP and WebSocket. Only this machine can reach it unless --host says
otherwise; then a token is needed, and one is made where none is given. Where the port is taken by another program the
next free one is used. Ends at SIGTERM or Ctrl-C, when everything it accepted is on disk.`,
  options: {
    ...storeOptions,
    host: { type: "string", value: "HOST", help: "the address to listen at (default: 127.0.0.1)" },
    port: { type: "string", value: "PORT", help: "the port to listen at; 0: any free one (default: 4318)" },
    token: {
      type: "string",
      value: "TOKEN",
      help: "what clients must show: Authorization: Bearer TOKEN; auto: make one (default: AGENSIGHT_TOKEN)",
    },
    ...redactionOption,
    ...contentOption,
    ...retentionOptions,
  },
  examples: [
    ["agensight serve", "programs on this machine send to http://127.0.0.1:4318"],
    ["agensight serve --host 0.0.0.0 --token auto --keep 30d", "other machines too, with a token"],
  ],
  async run(values) {
    const settings = await readSettings(values);
    const host = values.host ?? "127.0.0.1";
    const port = portNumber(values.port ?? "4318", "serve");
    const made = settings.token === "auto" || (settings.token === null && !isLoopback(host));
    const token = made ? randomBytes(24).toString("base64url") : settings.token;

    const store = watchShownStore(settings, contentFor(settings, isLoopback(host) ? "this machine" : "elsewhere"));
    const { reader } = store;
    const live = openLiveFeed(settings.db, reader);
    const receiver = await startReceiver(settings, { committed: () => live.look(), say });
    const context: ServerContext = {
      store: {
        version,
        storePath: settings.db,
        reader,
        live,
        otherStores: async () => recentStores(settings.home),
      },
      live,
      receiver,
      say,
    };
    const end = async () => {
      await receiver.close();
      live.close();
      store.close();
    };
    try {
      const listening = await listen(
        { host, port, hosts: namesOf(host), token, context, routes: makeRoutes(), socketRoutes },
        await storeId(context),
        (taken) => say(`port ${taken} is taken by another program, trying the next`),
      );
      if ("servedAt" in listening) {
        say(`${settings.db} is served already at ${listening.servedAt}`);
        return 0;
      }
      const { server } = listening;
      for (const line of introduction(settings, authority(addressOf(host), server.port), made ? token : null))
        say(line);
      await signalled();
      say("stopping …");
      await server.close();
    } finally {
      await end();
    }
    process.exit(0);
  },
});

/** The names under which others may address what listens at `host`. */
function namesOf(host: string): string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return [hostname(), ...addresses.map(({ address }) => address)];
}

/** What programs and people are told: where others may come too, an address that they can use as well. */
function addressOf(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? reachable(host);
}

/** The receiver has made the store, so that there is one. */
async function storeId({ store }: ServerContext): Promise<string> {
  const reader = await store.reader();
  const found = await reader?.changes({ after_seq: Number.MAX_SAFE_INTEGER, limit: 1 });
  return found?.store_id ?? "";
}

function introduction({ db, token }: Settings, address: string, made: string | null): string[] {
  const lines: [string, string][] = [
    ["store", db],
    ["OTLP", `http://${address}   (OTEL_EXPORTER_OTLP_ENDPOINT; /v1/traces and /v1/logs, JSON or protobuf)`],
    ["MCP", `http://${address}/mcp   ws://${address}/ws`],
    ["live spans", `ws://${address}/live`],
  ];
  if (made) lines.push(["token", `${made}   (made for this run; clients show it as Authorization: Bearer TOKEN)`]);
  const header = token || made ? ` --header "Authorization: Bearer ${made ?? "TOKEN"}"` : "";
  return [
    `agensight ${version} serves`,
    ...lines.map(([label, value]) => `  ${label.padEnd(11)} ${value}`),
    "Connect Claude Code:",
    `  claude mcp add --transport http agensight http://${address}/mcp${header}`,
  ];
}

/** Resolves at the first signal; a second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve();
      });
  });
}
