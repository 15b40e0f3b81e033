/** MCP over stdin and stdout, which carry nothing else. */
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

/** How long answers under way may take once the client has closed its end, ms. */
const graceMs = 5000;

/**
 * Serves until stdin ends or stdout breaks; calls under way are answered first. Then closes the server and calls
 * `onEnd` once. Resolves when the server listens.
 */
export async function serveStdio(server: Server, { onEnd }: { onEnd: () => void }): Promise<void> {
  const transport = new StdioServerTransport();
  const waiting = new Set<string | number>();
  let inputEnded = false;
  let ended = false;

  const end = () => {
    if (ended) return;
    ended = true;
    void server
      .close()
      .catch(() => {})
      .then(onEnd);
  };
  const endWhenAnswered = () => {
    if (inputEnded && waiting.size === 0) end();
  };
  const endOfInput = () => {
    inputEnded = true;
    // Messages of the last chunk are handed over in later ticks.
    setImmediate(endWhenAnswered);
    setTimeout(end, graceMs).unref();
  };

  // Done when written, not when buffered; the SDK's own would pile up a listener for each answer that waits.
  transport.send = (message) =>
    new Promise((resolve) => {
      process.stdout.write(`${JSON.stringify(message)}\n`, () => {
        if ("id" in message && message.id !== undefined && !("method" in message)) waiting.delete(message.id);
        endWhenAnswered();
        resolve();
      });
    });
  process.stdin.on("end", endOfInput).on("close", endOfInput);
  // EPIPE: the client is gone, nobody will read an answer.
  process.stdout.on("error", end);
  server.onclose = end;
  await server.connect(transport);
  const onmessage = transport.onmessage;
  transport.onmessage = (message, ...rest) => {
    if ("method" in message && "id" in message) waiting.add(message.id);
    if ("method" in message && message.method === "notifications/cancelled") {
      const cancelled = (message.params as { requestId?: string | number } | undefined)?.requestId;
      if (cancelled !== undefined) waiting.delete(cancelled);
      endWhenAnswered();
    }
    onmessage?.(message, ...rest);
  };
}
