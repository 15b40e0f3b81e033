/** What passes between a client and a server, message by message as it is, and what a new connection must hear of it again. */

type Id = string | number;
type Message = {
  id?: Id | null;
  method?: string;
  params?: { uri?: string; requestId?: Id };
  result?: unknown;
  error?: unknown;
};
/** `sent`: over how many connections */
type Asked = { text: string; method: string; uri: string | undefined; sent: number };

type Connection = { send(text: string): void; fail(): void };

export type Relay = {
  fromClient(text: string): void;
  fromServer(text: string): void;
  /** A connection is there. Repeats the handshake and subscriptions of the one before, then asks what was not answered. */
  connected(connection: Connection): void;
  /** The server of the connection takes what is asked: what was before has been repeated. */
  ready(): boolean;
  disconnected(): void;
  /** Answers everything that waits with an error. */
  giveUp(message: string): void;
  /** requests without an answer */
  waiting(): number;
};

/** bytes of one message, as servers take them */
export const largest = 4 * 1024 * 1024;
const mostWaiting = 1000;
/** A request that ended so many connections is not sent again. */
const mostSent = 3;

const parseError = -32700;
const invalidRequest = -32600;
/** of the range that JSON-RPC leaves to servers */
const notReachable = -32000;

/** `tell`: to the client; `answered` is called when nothing waits any more. */
export function openRelay(tell: (text: string) => void, answered: () => void): Relay {
  const asked = new Map<Id, Asked>();
  const subscriptions = new Map<string, string>();
  /** what to do with answers that are not the client's */
  const repeated = new Map<Id, (message: Message) => void>();
  let repeats = 0;
  let initialize: { text: string; done: boolean } | undefined;
  let initialized: string | undefined;
  let connection: Connection | undefined;
  /** the handshake has been repeated */
  let ready = false;

  function fail(id: Id | null, code: number, message: string): void {
    tell(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
  }

  function settle(id: Id): void {
    if (asked.delete(id) && asked.size === 0) answered();
  }

  function ask(id: Id, request: Asked): void {
    if (request.sent++ < mostSent) connection?.send(request.text);
    else {
      fail(id, notReachable, "The connection broke each time that this request was sent.");
      settle(id);
    }
  }

  /** Sends a request of before again; its answer is not the client's. */
  function repeat(text: string, then: (message: Message) => void): void {
    const id = `agensight:again:${++repeats}`;
    repeated.set(id, then);
    connection?.send(JSON.stringify({ ...JSON.parse(text), id }));
  }

  function resume(): void {
    ready = true;
    if (initialized !== undefined) connection?.send(initialized);
    for (const [uri, text] of subscriptions) {
      // what changed in between was told to nobody
      repeat(text, () =>
        tell(JSON.stringify({ jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } })),
      );
    }
    for (const [id, request] of asked) ask(id, request);
  }

  function noteAnswer({ method, text, uri }: Asked, ok: boolean): void {
    if (method === "initialize" && initialize) initialize.done = ok;
    if (!ok || uri === undefined) return;
    if (method === "resources/subscribe") subscriptions.set(uri, text);
    if (method === "resources/unsubscribe") subscriptions.delete(uri);
  }

  return {
    fromClient(text) {
      const message = parse(text);
      if (message === undefined) return fail(null, parseError, "Parse error: not JSON.");
      if (message === null) return fail(null, invalidRequest, "Invalid request: not one JSON-RPC 2.0 message.");
      const { id, method, params } = message;
      if (id === null) return fail(null, invalidRequest, "Invalid request: its id is null.");
      if (method !== undefined && id !== undefined) {
        if (Buffer.byteLength(text) > largest)
          return fail(id, invalidRequest, `A message holds at most ${largest} bytes.`);
        if (asked.size >= mostWaiting)
          return fail(id, notReachable, `${mostWaiting} requests wait for an answer already.`);
        const request = { text, method, uri: params?.uri, sent: 0 };
        if (method === "initialize") initialize = { text, done: false };
        asked.set(id, request);
        if (ready) ask(id, request);
        return;
      }
      if (method === "notifications/initialized") initialized = text;
      if (ready) connection?.send(text);
      if (method === "notifications/cancelled" && params?.requestId !== undefined) settle(params.requestId);
    },
    fromServer(text) {
      const message = parse(text);
      if (!message) return;
      const { id, method } = message;
      // a server's JSON may be laid out over lines, a message on stdout may not
      const line = text.includes("\n") ? JSON.stringify(message) : text;
      if (method !== undefined || id === undefined || id === null) return tell(line);
      const then = repeated.get(id);
      repeated.delete(id);
      if (then) return then(message);
      const request = asked.get(id);
      // cancelled, or answered with an error when the server was away
      if (!request) return;
      noteAnswer(request, message.error === undefined);
      tell(line);
      settle(id);
    },
    connected(made) {
      connection = made;
      repeated.clear();
      if (!initialize?.done) return resume();
      repeat(initialize.text, ({ error }) => (error === undefined ? resume() : made.fail()));
    },
    ready: () => ready,
    disconnected() {
      connection = undefined;
      ready = false;
    },
    giveUp(message) {
      for (const id of [...asked.keys()]) {
        fail(id, notReachable, message);
        settle(id);
      }
    },
    waiting: () => asked.size,
  };
}

/** undefined: not JSON; null: not an object. */
function parse(text: string): Message | null | undefined {
  try {
    const json = JSON.parse(text);
    return typeof json === "object" && !Array.isArray(json) ? json : null;
  } catch {
    return undefined;
  }
}
