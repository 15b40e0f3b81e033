/** `agensight mcp --otlp`: receives spans beside stdio, as `agensight serve` does, if nobody else does it there. */
import type { ServerOptions } from "../../mcp/server-options.js";
import { health } from "../../server/health.js";
import { otlpRoutes } from "../../server/otlp/routes.js";
import { startServer } from "../../server/server.js";
import { startReceiver } from "../serve/receiver.js";
import type { Settings } from "../settings.js";
import { say } from "../terminal.js";

const host = "127.0.0.1";

/** Says why it does not receive, and goes on. Returns what ends it, when everything accepted is on disk. */
export async function receiveOtlp(
  settings: Settings,
  token: string | null,
  port: number,
  store: ServerOptions,
): Promise<() => Promise<void>> {
  const { live } = store;
  try {
    const receiver = await startReceiver(settings, { committed: () => live.look(), say });
    const context = { store, live, receiver, say };
    const routes = [health, ...otlpRoutes];
    const server = await startServer({ host, port, hosts: [], token, context, routes, socketRoutes: [] }).catch(
      async (error) => {
        await receiver.close();
        throw error;
      },
    );
    say(`OTLP is received at http://${host}:${server.port}`);
    return async () => {
      await server.close();
      await receiver.close();
    };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    say(
      `OTLP is not received: ${code === "EADDRINUSE" ? `port ${port} is in use, perhaps by another Agensight` : message}`,
    );
    return async () => {};
  }
}
