/** Finds a port: the one that was asked for, the next free one, or none when the store is served there already. */
import type { Health } from "../../server/health.js";
import { type RunningServer, type ServerSettings, startServer } from "../../server/server.js";

const mostPorts = 20;
/** ms that whoever has the port may take to say who it is */
const patience = 2000;

export type Listening = { server: RunningServer } | { servedAt: string };

/** `taken` is told of each port that something else has. Errors: those of the system; EADDRINUSE after 20 ports. */
export async function listen(
  settings: ServerSettings,
  storeId: string,
  taken: (port: number) => void,
): Promise<Listening> {
  for (let port = settings.port, tried = 1; ; port++, tried++) {
    try {
      return { server: await startServer({ ...settings, port }) };
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
      const url = `http://${authority(reachable(settings.host), port)}`;
      if ((await storeServedAt(url)) === storeId) return { servedAt: url };
      if (tried === mostPorts || port === 65_535) throw error;
      taken(port);
    }
  }
}

/** null: something that is no Agensight, or does not answer. */
async function storeServedAt(url: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(patience), redirect: "error" });
    return ((await response.json()) as Partial<Health>).store_id ?? null;
  } catch {
    return null;
  }
}

/** A host that stands for all addresses can be listened at, but not asked. */
export function reachable(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}

export function authority(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
