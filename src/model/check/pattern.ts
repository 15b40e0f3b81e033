/**
 * Patterns of JSON Schema, in time proportional to the text whatever they say: all ways to match are followed at once,
 * nothing is tried again. The subset that JSON Schema asks authors to keep to, which lacks lookaround and backreferences:
 * https://json-schema.org/draft/2020-12/json-schema-core#section-6.4
 */

type Test = (code: number, unicode: string) => boolean;
type Node =
  | { type: "one"; test: Test }
  | { type: "edge"; at: "start" | "end" | "word" | "inside" }
  | { type: "all"; of: Node[] }
  | { type: "any"; of: Node[] }
  | { type: "repeat"; of: Node; min: number; max: number };

/** Instructions that a pattern may come to, repetitions written out. */
const mostSteps = 1000;

export type Pattern = { test(text: string): boolean; steps: number };

/** Errors: SyntaxError that says what is not understood. */
export function compilePattern(source: string): Pattern {
  const program: Program = Object.assign([], { visits: 0 });
  emit(parse(source), program);
  program.push({ op: "match" });
  return { test: (text) => run(program, text), steps: program.length };
}

const word: Test = (code) => /[A-Za-z0-9_]/.test(String.fromCodePoint(code));
const escapes: Record<string, Test> = {
  d: (code) => code >= 48 && code <= 57,
  w: word,
  s: (_, character) => /\s/u.test(character),
};
const controls: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, v: 11, "0": 0 };

function parse(source: string): Node {
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

type Instruction =
  | { op: "one"; test: Test }
  | { op: "edge"; at: "start" | "end" | "word" | "inside" }
  /** goes on at both */
  | { op: "split"; to: number; or: number }
  | { op: "jump"; to: number }
  | { op: "match" };

/** `visits`: empty groups make no instructions, however often they are repeated */
type Program = Instruction[] & { visits: number };

function emit(node: Node, program: Program): void {
  if (program.length > mostSteps || ++program.visits > 10 * mostSteps)
    throw new SyntaxError("the pattern is too large: repeat less");
  switch (node.type) {
    case "one":
      program.push({ op: "one", test: node.test });
      return;
    case "edge":
      program.push({ op: "edge", at: node.at });
      return;
    case "all":
      for (const each of node.of) emit(each, program);
      return;
    case "any": {
      const ends: { op: "jump"; to: number }[] = [];
      for (const [index, each] of node.of.entries()) {
        if (index === node.of.length - 1) {
          emit(each, program);
          break;
        }
        const split = { op: "split" as const, to: program.length + 1, or: 0 };
        program.push(split);
        emit(each, program);
        const end = { op: "jump" as const, to: 0 };
        program.push(end);
        ends.push(end);
        split.or = program.length;
      }
      for (const end of ends) end.to = program.length;
      return;
    }
    case "repeat":
      emitRepeat(node, program);
  }
}

function emitRepeat({ of, min, max }: Node & { type: "repeat" }, program: Program): void {
  let start = program.length;
  for (let i = 0; i < min; i++) {
    start = program.length;
    emit(of, program);
  }
  if (max === Number.POSITIVE_INFINITY) {
    if (min > 0) {
      program.push({ op: "split", to: start, or: program.length + 1 });
      return;
    }
    const split = { op: "split" as const, to: program.length + 1, or: 0 };
    program.push(split);
    emit(of, program);
    program.push({ op: "jump", to: start });
    split.or = program.length;
    return;
  }
  const splits: { or: number }[] = [];
  for (let i = min; i < max; i++) {
    const split = { op: "split" as const, to: program.length + 1, or: 0 };
    program.push(split);
    splits.push(split);
    emit(of, program);
  }
  for (const split of splits) split.or = program.length;
}

/** Whether it matches anywhere in the text. */
function run(program: readonly Instruction[], text: string): boolean {
  const seen = new Int32Array(program.length).fill(-1);
  let now: number[] = [];
  let place = 0;
  let before = -1;

  /** Follows what needs no character; true when the end is reached. */
  const add = (into: number[], first: number, at: number, next: number): boolean => {
    const open = [first];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen[index] === at) continue;
      seen[index] = at;
      const step = program[index] as Instruction;
      if (step.op === "match") return true;
      if (step.op === "one") into.push(index);
      else if (step.op === "jump") open.push(step.to);
      else if (step.op === "split") open.push(step.or, step.to);
      else if (holds(step.at, before, next)) open.push(index + 1);
    }
    return false;
  };

  for (let i = 0; ; place++) {
    const code = i < text.length ? (text.codePointAt(i) as number) : -1;
    // carried over from the last character, in its place
    const threads = now;
    now = [];
    let done = false;
    for (const thread of threads) done ||= add(now, thread, place, code);
    done ||= add(now, 0, place, code);
    if (done) return true;
    if (code < 0) return false;
    const character = String.fromCodePoint(code);
    const next: number[] = [];
    for (const index of now) {
      const step = program[index] as Instruction;
      if (step.op === "one" && step.test(code, character)) next.push(index + 1);
    }
    now = next;
    before = code;
    i += character.length;
  }
}

function holds(edge: "start" | "end" | "word" | "inside", before: number, next: number): boolean {
  if (edge === "start") return before < 0;
  if (edge === "end") return next < 0;
  const isWord = (code: number) => code >= 0 && word(code, "");
  return (isWord(before) !== isWord(next)) === (edge === "word");
}
