/**
 * Patterns of JSON Schema, in time proportional to the text whatever they say: all ways to match are followed at once,
 * nothing is tried again.
 */
import { isWordCharacter, type Node, parsePattern, type Test } from "./parse-pattern.js";

/** Instructions that a pattern may come to, repetitions written out. */
const mostSteps = 1000;

export type Pattern = { test(text: string): boolean; steps: number };

/** Errors: SyntaxError that says what is not understood. */
export function compilePattern(source: string): Pattern {
  const program: Program = Object.assign([], { visits: 0 });
  emit(parsePattern(source), program);
  program.push({ op: "match" });
  return { test: (text) => run(program, text), steps: program.length };
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
  const isWord = (code: number) => code >= 0 && isWordCharacter(code, "");
  return (isWord(before) !== isWord(next)) === (edge === "word");
}
