/** The versions of Anthropic's SDK that are tested: with spans of their own, and without. */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

// biome-ignore lint/suspicious/noExplicitAny: one contract for several versions, each with types of its own
export type Sdk = any;

export type Version = {
  name: string;
  /** Makes spans of its own. */
  hasSpans: boolean;
  sdk: Sdk;
  /** With this key and address, and no more than the version needs. */
  options: Record<string, unknown>;
};

/** The class itself in both kinds of modules. */
async function imported(name: string): Promise<Sdk> {
  return (await import(name)).default;
}

/**
 * The versions before 0.134 make no spans. The installed 0.x does, unless it is told not to; with the mark of that gone, it is
 * like one before. `TEST_ANTHROPIC` names the folder of a real one.
 */
function withoutSpans(): Version {
  const folder = process.env.TEST_ANTHROPIC;
  if (folder) return { name: folder, hasSpans: false, sdk: require(folder), options: {} };
  const sdk = require("anthropic0");
  delete sdk.BaseAnthropic.prototype.openTelemetry;
  return { name: "0.x without spans of its own", hasSpans: false, sdk, options: { openTelemetry: false } };
}

export const versions: Version[] = [
  { name: "1.x", hasSpans: true, sdk: await imported("@anthropic-ai/sdk"), options: {} },
  { name: "0.x with spans of its own", hasSpans: true, sdk: await imported("anthropic0"), options: {} },
  withoutSpans(),
];
