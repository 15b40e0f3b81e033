/** A client of `/live` that keeps what it was told. */
import { once } from "node:events";
import WebSocket from "ws";
import type { LiveEvent } from "../../src/model/live.js";

export type LiveClient = {
  socket: WebSocket;
  frames: LiveEvent[][];
  /** of spans and dropped ones; without positions */
  events(): LiveEvent[];
  /** Resolves when that holds of the events. */
  until(holds: (events: LiveEvent[]) => boolean): Promise<LiveEvent[]>;
  closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
};

export async function watchLive(wsUrl: string, query = "", headers: Record<string, string> = {}): Promise<LiveClient> {
  const socket = new WebSocket(`${wsUrl}/live${query}`, { headers });
  const frames: LiveEvent[][] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    frames.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const events = () => frames.flat().filter(({ type }) => type !== "position");
  await once(socket, "open");
  return {
    socket,
    frames,
    events,
    closed,
    until: (holds) =>
      new Promise((resolve) => {
        const look = () => {
          if (!holds(events())) return;
          waiting.delete(look);
          resolve(events());
        };
        waiting.add(look);
        look();
      }),
    async close() {
      socket.close();
      await closed;
    },
  };
}

/** The answer to an upgrade that was refused. */
export async function refusedUpgrade(
  wsUrl: string,
  query: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; error: { code: string; message: string; hint: string | null } }> {
  const socket = new WebSocket(`${wsUrl}/live${query}`, { headers });
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, error: JSON.parse(body).error };
}
