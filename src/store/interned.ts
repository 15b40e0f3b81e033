/** Resources, scopes and the forms of spans: each distinct one once. */
import type { Engine, SqlValue } from "./engines/engine.js";
import type { SpanWrite } from "./span-rows.js";
import type { Strings } from "./strings.js";

const cacheLimit = 10_000;

/** All inside of a write transaction. */
export type Interned = {
  resource(resource: SpanWrite["resource"]): number;
  scope(scope: SpanWrite["scope"]): number;
  shape(text: string): number;
  /** Forgets what a rolled-back transaction may have made. */
  forget(): void;
};

export function openInterned(engine: Engine, strings: Strings): Interned {
  const interned = {
    resource: new Map<string, number>(),
    scope: new Map<string, number>(),
    shape: new Map<string, number>(),
  };
  /** the JSON of resources and scopes that come by reference again and again */
  let bodies = new WeakMap<object, number>();
  function intern(table: "resource" | "scope" | "shape", text: string, extra: Record<string, SqlValue> = {}): number {
    const cache = interned[table];
    let id = cache.get(text);
    if (id === undefined) {
      id = engine.get(`SELECT id FROM ${table} WHERE body = ?`, [text])?.id as number | undefined;
      const columns = ["body", ...Object.keys(extra)];
      id ??= engine.get(
        `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")}) RETURNING id`,
        [text, ...Object.values(extra)],
      )?.id as number;
      if (cache.size > cacheLimit) cache.clear();
      cache.set(text, id);
    }
    return id;
  }
  function resource(given: SpanWrite["resource"]): number {
    let id = bodies.get(given);
    if (id === undefined) {
      id = intern("resource", JSON.stringify(given.body), {
        service: strings.id(given.service),
        version: strings.id(given.version),
      });
      bodies.set(given, id);
    }
    return id;
  }
  function scope(given: SpanWrite["scope"]): number {
    let id = bodies.get(given);
    if (id === undefined) {
      const name = typeof given.scope?.name === "string" ? given.scope.name : "";
      id = intern("scope", JSON.stringify(given), { name: strings.id(name) ?? 0 });
      bodies.set(given, id);
    }
    return id;
  }
  return {
    resource,
    scope,
    shape: (text) => intern("shape", text),
    forget() {
      for (const cache of Object.values(interned)) cache.clear();
      bodies = new WeakMap();
    },
  };
}
