/** Patches a method of somebody else's object, once, and takes the patch back. */

// biome-ignore lint/suspicious/noExplicitAny: a method of any library
type Method = (this: any, ...args: any[]) => any;

const replacements = new WeakMap<object, Map<string, () => void>>();

/**
 * Replaces `owner[name]` by what `wrap` makes of it and returns the undo; null where there is no such method.
 * The second time it changes nothing and returns the same undo. Where somebody patched on top of it since, undoing leaves
 * theirs in place and ours calls the original.
 */
export function replaceMethod(owner: object, name: string, wrap: (original: Method) => Method): (() => void) | null {
  const methods = owner as Record<string, Method>;
  const original = methods[name];
  if (typeof original !== "function") return null;
  const known = replacements.get(owner)?.get(name);
  if (known) return known;

  const own = Object.getOwnPropertyDescriptor(owner, name);
  const wrapped = wrap(original);
  let active = true;
  const patched: Method = function (...args) {
    return (active ? wrapped : original).apply(this, args);
  };
  // what the program may look at stays what it was
  Object.defineProperties(patched, {
    ...Object.getOwnPropertyDescriptors(original),
    length: { value: original.length, configurable: true },
    name: { value: original.name, configurable: true },
  });
  Object.defineProperty(owner, name, {
    value: patched,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });

  function undo(): void {
    active = false;
    replacements.get(owner)?.delete(name);
    if (methods[name] !== patched) return;
    if (own) Object.defineProperty(owner, name, own);
    else delete methods[name];
  }
  const names = replacements.get(owner) ?? new Map();
  replacements.set(owner, names.set(name, undo));
  return undo;
}

/** One undo for several, in reverse order; calling it again does nothing. */
export function undoAll(undos: (() => void)[]): () => void {
  return () => {
    for (const undo of undos.splice(0).reverse()) undo();
  };
}
