// The round trip of a trivial call over WebSocket against stdio.
import { openClient, openWebSocketClient } from "./client.mjs";
import { atMost, median, told } from "./figures.mjs";
import { serve } from "./served.mjs";

const rounds = 10;
const calls = 300;

export async function run() {
  const server = await serve();
  const clients = {
    stdio: await openClient(["mcp", "--db", server.db]),
    WebSocket: await openWebSocketClient(`${server.wsUrl}/ws`),
  };
  const trips = { stdio: [], WebSocket: [] };
  try {
    // in turns, so that a noisy neighbour disturbs both
    for (let round = 0; round <= rounds; round++) {
      for (const [name, { client }] of Object.entries(clients)) {
        for (let call = 0; call < calls; call++) {
          const began = performance.now();
          await client.ping();
          // the first round warms up
          if (round > 0) trips[name].push(performance.now() - began);
        }
      }
    }
  } finally {
    for (const { close } of Object.values(clients)) await close();
    await server.stop();
  }
  const stdio = median(trips.stdio);
  const socket = median(trips.WebSocket);
  return [
    told("transports: a ping over stdio, p50", stdio, "ms", `${rounds * calls} calls`),
    atMost("transports: over WebSocket against stdio", socket / stdio, 1.3, "×", `p50 ${socket.toFixed(3)} ms`),
  ];
}
