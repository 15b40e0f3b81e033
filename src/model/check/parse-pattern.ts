/**
 * Reads the subset of patterns that JSON Schema asks authors to keep to, which lacks lookaround and backreferences:
 * https://json-schema.org/draft/2020-12/json-schema-core#section-6.4
 */

/** Whether a character is one of those meant: its code, and the character itself. */
export type Test = (code: number, character: string) => boolean;
export type Node =
  | { type: "one"; test: Test }
  | { type: "edge"; at: "start" | "end" | "word" | "inside" }
  | { type: "all"; of: Node[] }
  | { type: "any"; of: Node[] }
  | { type: "repeat"; of: Node; min: number; max: number };

export const isWordCharacter: Test = (code) => /[A-Za-z0-9_]/.test(String.fromCodePoint(code));
const escapes: Record<string, Test> = {
  d: (code) => code >= 48 && code <= 57,
  w: isWordCharacter,
  s: (_, character) => /\s/u.test(character),
};
const controls: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, v: 11, "0": 0 };

/** Errors: SyntaxError that says what is not understood. */
export function parsePattern(source: string): Node {
  const characters = Array.from(source);
  let at = 0;
  const fail = (what: string): never => {
    throw new SyntaxError(`${what} at character ${at + 1}`);
  };
  let depth = 0;

  function alternatives(): Node {
    if (++depth > 50) fail("groups are nested too deeply");
    const of = [sequence()];
    while (characters[at] === "|") {
      at++;
      of.push(sequence());
    }
    depth--;
    return of.length === 1 ? (of[0] as Node) : { type: "any", of };
  }

  function sequence(): Node {
    const of: Node[] = [];
    while (at < characters.length && characters[at] !== "|" && characters[at] !== ")") of.push(quantified());
    return { type: "all", of };
  }

  function quantified(): Node {
    const of = atom();
    const bounds = quantifier();
    if (bounds === null) return of;
    if (of.type === "edge") fail("nothing to repeat");
    // lazy or not makes no difference to whether it matches
    if (characters[at] === "?") at++;
    if (quantifier() !== null) fail("nothing to repeat");
    return { type: "repeat", of, ...bounds };
  }

  function quantifier(): { min: number; max: number } | null {
    const sign = characters[at];
    if (sign === "*" || sign === "+" || sign === "?") {
      at++;
      return { min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Number.POSITIVE_INFINITY };
    }
    if (sign !== "{") return null;
    const written = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(characters.slice(at, at + 16).join(""));
    if (written === null) return fail("a { that is no repetition: write \\{");
    at += written[0].length;
    const min = Number(written[1]);
    const max = written[2] === undefined ? min : written[3] === "" ? Number.POSITIVE_INFINITY : Number(written[3]);
    if (max < min) fail("a repetition out of order");
    return { min, max };
  }

  function atom(): Node {
    const character = characters[at] as string;
    switch (character) {
      case "^":
      case "$":
        at++;
        return { type: "edge", at: character === "^" ? "start" : "end" };
      case ".":
        at++;
        return { type: "one", test: (code) => code !== 10 && code !== 13 && code !== 0x2028 && code !== 0x2029 };
      case "(":
        return group();
      case "[":
        return { type: "one", test: characterClass() };
      case "\\": {
        const next = characters[at + 1];
        if (next === "b" || next === "B") {
          at += 2;
          return { type: "edge", at: next === "b" ? "word" : "inside" };
        }
        return { type: "one", test: escaped().test };
      }
      case "*":
      case "+":
      case "?":
      case "{":
        return fail("nothing to repeat");
      case "}":
      case "]":
        return fail(`a ${character} alone: write \\${character}`);
      default:
        at++;
        return { type: "one", test: same(character) };
    }
  }

  function group(): Node {
    at++;
    if (characters[at] === "?") {
      if (characters[at + 1] !== ":") fail("lookaround and named groups are not understood");
      at += 2;
    }
    const inner = alternatives();
    if (characters[at] !== ")") fail("a group without end");
    at++;
    return inner;
  }

  /** `point`: the character that it stands for; null = a class. */
  function escaped(): { test: Test; point: number | null } {
    at++;
    const character = characters[at];
    if (character === undefined) return fail("a \\ at the end");
    at++;
    const lower = character.toLowerCase();
    if (Object.hasOwn(escapes, lower)) {
      const test = escapes[lower] as Test;
      return { test: character === lower ? test : (code, text) => !test(code, text), point: null };
    }
    if (lower === "p") return { test: property(character === "P"), point: null };
    if (/[1-9k]/.test(character)) return fail("backreferences are not understood");
    let point = controls[character];
    if (character === "u" || character === "x") {
      const digits = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]+))/.exec(
        characters.slice(at, at + (characters[at] === "{" ? 8 : character === "u" ? 4 : 2)).join(""),
      );
      if (digits === null) return fail(`a \\${character} without digits`);
      at += digits[0].length;
      point = Number.parseInt((digits[1] ?? digits[2]) as string, 16);
    } else if (point === undefined) {
      if (/[A-Za-z0-9]/.test(character)) return fail(`\\${character} is not understood`);
      point = character.codePointAt(0) as number;
    }
    const found = point;
    return { test: (code) => code === found, point };
  }

  /** One character is looked at, so that the engine's own classes can be asked. */
  function property(negated: boolean): Test {
    const written = /^\{[A-Za-z0-9_=]{1,60}\}/.exec(characters.slice(at, at + 62).join(""));
    if (written === null) return fail("a \\p without {…}");
    at += written[0].length;
    try {
      const known = new RegExp(`^\\p${written[0]}$`, "u");
      return (_, character) => known.test(character) !== negated;
    } catch {
      return fail(`\\p${written[0]} is not understood`);
    }
  }

  function characterClass(): Test {
    at++;
    const negated = characters[at] === "^";
    if (negated) at++;
    const tests: Test[] = [];
    while (characters[at] !== "]") {
      const from = classMember();
      if (characters[at] !== "-" || characters[at + 1] === "]" || characters[at + 1] === undefined) {
        tests.push(from.test);
        continue;
      }
      at++;
      const to = classMember();
      if (from.point === null || to.point === null || to.point < from.point) fail("a range out of order");
      const [low, high] = [from.point as number, to.point as number];
      tests.push((code) => code >= low && code <= high);
    }
    at++;
    return (code, character) => tests.some((test) => test(code, character)) !== negated;
  }

  function classMember(): { test: Test; point: number | null } {
    const character = characters[at];
    if (character === undefined) return fail("a class without end");
    if (character === "\\") {
      if (characters[at + 1] !== "b" && characters[at + 1] !== "-") return escaped();
      const point = characters[at + 1] === "b" ? 8 : 45;
      at += 2;
      return { test: (code) => code === point, point };
    }
    at++;
    return { test: same(character), point: character.codePointAt(0) as number };
  }

  const whole = alternatives();
  if (at < characters.length) fail("a ) without beginning");
  return whole;
}

function same(character: string): Test {
  const wanted = character.codePointAt(0);
  return (code) => code === wanted;
}
