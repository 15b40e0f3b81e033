/** Sees the classes that a library's class is the base of, when the first of their objects is made. */
import { quietly } from "./guard.js";

type Constructor = abstract new (...args: never[]) => object;

const hooked = new WeakMap<object, () => void>();

/**
 * Calls `seen` with the prototype of each class below `base`, or of `base` itself, before an object of it is made; before its
 * constructor has done anything, so that methods that it binds are those `seen` has patched. Returns the undo.
 *
 * null where `base` is not derived from a class: the language calls nobody then. The second time nothing changes.
 */
export function onConstruct(base: object, seen: (prototype: object) => void): (() => void) | null {
  const known = hooked.get(base);
  if (known) return known;
  const parent = Object.getPrototypeOf(base) as Constructor;
  if (typeof parent !== "function" || typeof parent.prototype !== "object") return null;

  // `super(…)` asks for the parent each time
  const stand = new Proxy(parent, {
    construct(target, args, made) {
      quietly("a class could not be patched", () => seen(made.prototype as object));
      return Reflect.construct(target, args, made) as object;
    },
  });
  Object.setPrototypeOf(base, stand);
  function undo(): void {
    hooked.delete(base);
    if (Object.getPrototypeOf(base) === stand) Object.setPrototypeOf(base, parent);
  }
  hooked.set(base, undo);
  return undo;
}
