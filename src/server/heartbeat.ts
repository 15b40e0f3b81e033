/** Ends connections whose other side is gone without having said so. */
import type { WebSocket } from "ws";

/** ms */
const interval = 20_000;
const mostMissed = 2;

/** Any message counts as a sign of life, not only the answer to a ping. */
export function watchHeartbeat(socket: WebSocket): void {
  let missed = 0;
  const alive = () => {
    missed = 0;
  };
  socket.on("message", alive).on("pong", alive).on("ping", alive);
  const timer = setInterval(() => {
    // after a stall of this process, answers that wait are read before anyone is taken for dead
    setImmediate(() => {
      // whoever is not read just now cannot show that it lives
      if (socket.isPaused) return alive();
      if (missed >= mostMissed) return socket.terminate();
      missed++;
      if (socket.readyState === socket.OPEN) socket.ping();
    });
  }, interval);
  timer.unref();
  socket.once("close", () => clearInterval(timer));
}
