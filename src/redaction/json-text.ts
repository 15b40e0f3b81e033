/** Rewrites the values of a JSON text in their places; the rest of the text stays as it was written. */

export type JsonVisitor = {
  /** A string's text, decoded, and the member under which it stands, maybe in a list. Returns the new text. */
  string(text: string, key: string | undefined, inList: boolean): string;
  /** A number as it is written; a string in its place, or undefined: it stays. */
  number(text: string, key: string | undefined, inList: boolean): string | undefined;
  /** The name of a member. */
  name(text: string): string;
  /** Before a member's value is walked: its new value as JSON text, or undefined. Asked with the value as it is written. */
  member(name: string, value: string): string | undefined;
  /** whether `member` ever answers for this name */
  replaces(name: string): boolean;
};

type Container = {
  object: boolean;
  /** the member under which it stands; an array's values stand under it too */
  key: string | undefined;
  start: number;
  /** the member's name, where its whole value is replaced */
  replaced: string | undefined;
};

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The rewritten text, the same string where nothing changed, or null where `text` is no JSON. Time and memory are linear, whatever the depth. */
export function rewriteJson(text: string, visitor: JsonVisitor): string | null {
  const out: string[] = [];
  let copied = 0;
  let at = 0;
  const open: Container[] = [];
  let key: string | undefined;
  /** how many of the open containers are replaced as a whole */
  let hidden = 0;

  const put = (start: number, end: number, replacement: string) => {
    out.push(text.slice(copied, start), replacement);
    copied = end;
  };
  const skip = () => {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 10 || code === 13 || code === 9) {
      space.lastIndex = at;
      space.test(text);
      at = space.lastIndex;
    }
  };
  /** Index after the closing quote; -1 where there is none or the text between is no JSON. */
  const endOfString = (start: number): number => {
    let end = start + 1;
    for (;;) {
      end = text.indexOf('"', end);
      if (end < 0) return -1;
      let slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === 92) slashes++;
      end++;
      if (slashes % 2 === 0) return end;
    }
  };
  const decode = (start: number, end: number): string | null => {
    const raw = text.slice(start + 1, end - 1);
    if (!raw.includes("\\")) return raw;
    try {
      return JSON.parse(text.slice(start, end)) as string;
    } catch {
      return null;
    }
  };

  for (;;) {
    // a value
    skip();
    const start = at;
    const code = text.charCodeAt(at);
    const inList = open.at(-1)?.object === false;
    const wanted = key !== undefined && hidden === 0 && open.at(-1)?.object && visitor.replaces(key) ? key : undefined;
    if (code === 123 || code === 91) {
      at++;
      skip();
      if (wanted !== undefined) hidden++;
      open.push({ object: code === 123, key, start, replaced: wanted });
      if (text.charCodeAt(at) === (code === 123 ? 125 : 93)) {
        // empty: closed below
      } else if (code === 123) {
        if (!readName()) return null;
        continue;
      } else continue;
    } else if (code === 34) {
      const end = endOfString(at);
      if (end < 0) return null;
      const value = decode(at, end);
      if (value === null) return null;
      if (wanted !== undefined) replaceMember(wanted, start, end);
      else if (hidden === 0) {
        const changed = visitor.string(value, key, inList);
        if (changed !== value) put(start, end, JSON.stringify(changed));
      }
      at = end;
    } else {
      let end: number;
      if (text.startsWith("true", at) || text.startsWith("null", at)) end = at + 4;
      else if (text.startsWith("false", at)) end = at + 5;
      else {
        number.lastIndex = at;
        if (!number.test(text)) return null;
        end = number.lastIndex;
        if (wanted === undefined && hidden === 0) {
          const changed = visitor.number(text.slice(start, end), key, inList);
          if (changed !== undefined) put(start, end, JSON.stringify(changed));
        }
      }
      if (wanted !== undefined) replaceMember(wanted, start, end);
      at = end;
    }
    // what follows a value
    for (;;) {
      skip();
      const inside = open.at(-1);
      if (!inside) {
        if (at < text.length) return null;
        if (copied === 0 && out.length === 0) return text;
        out.push(text.slice(copied));
        return out.join("");
      }
      const next = text.charCodeAt(at++);
      if (next === 44) {
        skip();
        if (inside.object) {
          if (!readName()) return null;
        } else key = inside.key;
        break;
      }
      if (next !== (inside.object ? 125 : 93)) return null;
      open.pop();
      if (inside.replaced !== undefined) {
        hidden--;
        replaceMember(inside.replaced, inside.start, at);
      }
    }
  }

  function readName(): boolean {
    if (text.charCodeAt(at) !== 34) return false;
    const start = at;
    const end = endOfString(at);
    if (end < 0) return false;
    const name = decode(at, end);
    if (name === null) return false;
    key = hidden === 0 ? visitor.name(name) : name;
    if (key !== name) put(start, end, JSON.stringify(key));
    at = end;
    skip();
    if (text.charCodeAt(at) !== 58) return false;
    at++;
    return true;
  }

  function replaceMember(name: string, start: number, end: number): void {
    const replacement = visitor.member(name, text.slice(start, end));
    if (replacement !== undefined) put(start, end, replacement);
  }
}
