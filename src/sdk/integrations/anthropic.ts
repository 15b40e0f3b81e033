/** Records what a program does with Anthropic's SDK: 0.x, which makes no spans of its own before 0.134, and 1.x, which does. */
import { diag } from "@opentelemetry/api";
import { type Client, observeRequest } from "./anthropic-call.js";
import { recordContent } from "./anthropic-own-spans.js";
import { observeToolRunner } from "./anthropic-tools.js";
import { patchAttempts } from "./count-attempts.js";
import { quietly } from "./guard.js";
import { installedCopies } from "./installed-copies.js";
import { replaceMethod, undoAll } from "./replace-method.js";

/**
 * Records each call of a model that goes through the class `Anthropic` (or `AnthropicBedrock`, `AnthropicVertex`), a
 * client, or the module of the SDK; without an argument through every client of `@anthropic-ai/sdk`, whether it is
 * imported or required. Clients that exist already are included, except copies that `withOptions` made of one client.
 * May come before or after `setupTracing`; the second time changes nothing. Never throws.
 *
 * Versions from 0.134 on make spans of their own as soon as tracing is set up. There is no second span for them: they get
 * content (prompts, answers, tools' arguments) and what they lack. A client that was given `openTelemetry: false`, a
 * tracer provider, a size limit or `propagation: false` is left as it is.
 */
export function instrumentAnthropic(target?: unknown): () => void {
  const undos: (() => void)[] = [];
  quietly("Anthropic could not be instrumented", () => {
    const targets = target === undefined ? installedCopies("@anthropic-ai/sdk") : [target];
    const places = targets.flatMap((each) => placesOf(each) ?? []);
    if (places.length === 0)
      diag.warn(
        target === undefined
          ? "agensight: @anthropic-ai/sdk is not installed where this program starts: pass the class, instrumentAnthropic(Anthropic)"
          : "agensight: what instrumentAnthropic was given is neither Anthropic's class, a client of it nor its module",
      );
    for (const { poster, runners } of places) {
      const undo = [
        patchPost(poster),
        patchAttempts(poster),
        recordContent(poster),
        runners && observeToolRunner(runners),
      ];
      undos.push(...undo.filter((each) => each !== null));
    }
  });
  return undoAll(undos);
}

function patchPost(poster: object): (() => void) | null {
  return replaceMethod(
    poster,
    "post",
    (post) =>
      function (this: Client, ...args) {
        return observeRequest(this, args[0], args[1], () => post.apply(this, args));
      },
  );
}

type Places = {
  /** has `post`, by which every request goes: a client, or the prototype that all clients of a copy of the SDK share */
  poster: object;
  /** has `toolRunner` */
  runners: object | null;
};

type Named = {
  post?: unknown;
  baseURL?: unknown;
  beta?: { messages?: object };
  Beta?: { Messages?: { prototype: object } };
  Anthropic?: unknown;
  BaseAnthropic?: unknown;
  default?: unknown;
};

function placesOf(target: unknown): Places | null {
  const named = (target ?? {}) as Named;
  if (typeof target === "object" && named.post && named.baseURL)
    return { poster: named, runners: named.beta?.messages ?? null };
  for (const candidate of [target, named.Anthropic, named.default, named.BaseAnthropic]) {
    if (typeof candidate !== "function") continue;
    let prototype: object | null = candidate.prototype;
    while (prototype && !Object.hasOwn(prototype, "post")) prototype = Object.getPrototypeOf(prototype);
    if (prototype) return { poster: prototype, runners: (candidate as Named).Beta?.Messages?.prototype ?? null };
  }
  return null;
}
