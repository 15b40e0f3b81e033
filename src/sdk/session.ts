/** Which session the code that runs now belongs to: follows async calls, never the whole process. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import type { Attributes, Context } from "@opentelemetry/api";
import { trace } from "@opentelemetry/api";

/** An object, not the id alone: running in a scope whose store is the same would be no scope of its own. */
type Session = { id: string | undefined };

const sessions = new AsyncLocalStorage<Session>();
let tracking = false;
let requestsStartClean = false;

/**
 * Runs `fn` in the session `id`: every span started in it, also in what it awaits or schedules, carries the id.
 * Sessions nest; the inner one wins. The safest way to name a session, because it ends where `fn` ends.
 */
export function withSession<T>(id: string, fn: () => T): T {
  return sessions.run({ id: String(id) }, fn);
}

/**
 * Puts the code that runs now, and everything it awaits or schedules from here on, in the session `id`.
 * Inside a function given to `startSpan` (or `agent`, `tool` …) it ends with that function; inside an HTTP request
 * it ends with that request. Code that was started elsewhere is not touched.
 */
export function setSessionId(id: string): void {
  startRequestsClean();
  sessions.enterWith({ id: String(id) });
}

/**
 * From now on a span that starts outside of any session begins one with a random id, which holds from there on in
 * its async context: one session for a script, one for each request of an HTTP server.
 */
export function enableSessionTracking(): void {
  startRequestsClean();
  tracking = true;
}

/** Runs `fn` so that a `setSessionId` inside of it does not reach its caller. */
export function sessionScope<T>(fn: () => T): T {
  return sessions.run({ id: sessions.getStore()?.id }, fn);
}

/** The attributes that name the session of a span that starts under `parent`; empty outside of any session. */
export function sessionAttributes(parent: Context): Attributes {
  const id = sessions.getStore()?.id ?? sessionOfParent(parent) ?? (tracking ? beginSession() : undefined);
  return id === undefined ? none : { "session.id": id, "gen_ai.conversation.id": id };
}

const none: Attributes = Object.freeze({});

/** A queue may carry a span's context to code that was started elsewhere. */
function sessionOfParent(parent: Context): string | undefined {
  const span = trace.getSpan(parent) as { attributes?: Attributes } | undefined;
  const id = span?.attributes?.["session.id"];
  return typeof id === "string" ? id : undefined;
}

function beginSession(): string {
  const id = randomUUID();
  sessions.enterWith({ id });
  return id;
}

/** Node 20 runs all requests of a kept-alive connection in one async resource: a session would leak into the next. */
function startRequestsClean(): void {
  if (requestsStartClean) return;
  requestsStartClean = true;
  subscribe("http.server.request.start", () => sessions.enterWith({ id: undefined }));
}
