/** Interned texts (names, models, sessions …): text ↔ id, cached. */
import type { Engine } from "./engines/engine.js";

export type Strings = {
  /** The id of a text, made where missing; null stays null. Only inside a write transaction. */
  id(text: string | null): number | null;
  /** The id of a text that is already known; null when it never occurred. */
  find(text: string): number | null;
  /** The text of an id; null stays null. */
  text(id: number | null): string | null;
  /** Forgets what a rolled-back transaction may have made. */
  forget(): void;
};

const cacheLimit = 100_000;

/** SQLite cuts what it returns at a NUL; it has no place in a name. */
function clean(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
}

export function openStrings(engine: Engine): Strings {
  let ids = new Map<string, number>();
  let texts = new Map<number, string>();

  function remember(text: string, id: number): number {
    if (ids.size > cacheLimit || texts.size > cacheLimit) {
      ids = new Map();
      texts = new Map();
    }
    ids.set(text, id);
    texts.set(id, text);
    return id;
  }
  function find(text: string): number | null {
    const known = ids.get(text);
    if (known !== undefined) return known;
    const row = engine.get("SELECT id FROM string WHERE text = ?", [clean(text)]);
    return row ? remember(text, row.id) : null;
  }
  return {
    find,
    id(text) {
      if (text === null) return null;
      const known = find(text);
      if (known !== null) return known;
      return remember(text, engine.get("INSERT INTO string (text) VALUES (?) RETURNING id", [clean(text)])?.id);
    },
    text(id) {
      if (id === null || id === 0) return null;
      const known = texts.get(id);
      if (known !== undefined) return known;
      const text = engine.get("SELECT text FROM string WHERE id = ?", [id])?.text ?? null;
      if (text !== null) remember(text, id);
      return text;
    },
    forget() {
      ids = new Map();
      texts = new Map();
    },
  };
}
