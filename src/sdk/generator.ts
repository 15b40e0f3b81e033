/** Generators in spans: agents that stream hand back an iterator long before their work is done. */

type AnyGenerator = Generator | AsyncGenerator;
type Step = (argument?: unknown) => IteratorResult<unknown> | Promise<IteratorResult<unknown>>;

const tags = new Set(["[object Generator]", "[object AsyncGenerator]"]);

/** True for what generator functions return, not for other iterables. */
export function isGenerator(value: unknown): value is AnyGenerator {
  return typeof value === "object" && value !== null && tags.has(Object.prototype.toString.call(value));
}

/**
 * The same generator with every step run by `inside`; `end` is called once, when it is done, left early, or has
 * thrown (`error.reason`). A generator that nobody iterates never ends.
 */
export function traceGenerator<T extends AnyGenerator>(
  generator: T,
  inside: <R>(step: () => R) => R,
  end: (error?: { reason: unknown }) => void,
): T {
  let ended = false;
  const finish = (error?: { reason: unknown }): void => {
    if (ended) return;
    ended = true;
    end(error);
  };
  const seen = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done) finish();
    return result;
  };
  const failed = (reason: unknown): never => {
    finish({ reason });
    throw reason;
  };
  const traced = (method: "next" | "return" | "throw"): Step => {
    const step = generator[method].bind(generator) as Step;
    return (...argument) => {
      try {
        const result = inside(() => step(...argument));
        return result instanceof Promise ? result.then(seen, failed) : seen(result);
      } catch (reason) {
        return failed(reason);
      }
    };
  };
  const methods = { next: traced("next"), return: traced("return"), throw: traced("throw") };
  return Object.assign(Object.create(generator), methods) as T;
}
