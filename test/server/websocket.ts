/** WebSocket clients that do what a well-behaved one does not. */
import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";

export type Message = {
  id?: unknown;
  method?: string;
  result?: unknown;
  error?: { code: number; message: string };
};

export type RawClient = {
  socket: WebSocket;
  /** text frames so far */
  messages: Message[];
  send(message: object | string): void;
  /** the answer to request `id`; rejects when the connection closes before it */
  answer(id: unknown): Promise<Message>;
  /** the next message, whatever it is */
  next(): Promise<Message>;
  /** how it was closed */
  closed: Promise<{ code: number; reason: string }>;
};

export async function openRaw(
  url: string,
  { protocol = "mcp", ...options }: ClientOptions & { protocol?: string } = {},
): Promise<RawClient> {
  const socket = new WebSocket(url, protocol, options);
  const messages: Message[] = [];
  socket.on("message", (data) => messages.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await once(socket, "open");
  socket.on("error", () => {});
  const gone = closed.then(({ code, reason }) => Promise.reject(new Error(`closed with ${code} ${reason}`)));
  gone.catch(() => {});
  const next = () => Promise.race([once(socket, "message").then(() => messages.at(-1) as Message), gone]);
  return {
    socket,
    messages,
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    async answer(id) {
      for (;;) {
        const found = messages.find((message) => message.id === id && !message.method);
        if (found) return found;
        await next();
      }
    },
    next,
    closed,
  };
}

/** The HTTP status with which an upgrade is refused; null when it is not. */
export function refusal(url: string, protocol: string[], options: ClientOptions = {}): Promise<number | null> {
  const socket = new WebSocket(url, protocol, options);
  return new Promise((resolve, reject) => {
    socket.once("open", () => {
      socket.terminate();
      resolve(null);
    });
    socket.once("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.once("error", reject);
  });
}

export const request = (id: number | string, method: string, params?: object) => ({
  jsonrpc: "2.0",
  id,
  method,
  ...(params && { params }),
});

export const toolCall = (id: number | string, name: string, args: object = {}) =>
  request(id, "tools/call", { name, arguments: args });
