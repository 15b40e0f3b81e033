/** The versions of Anthropic's SDK that are tested: with spans of their own, and without. */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

// biome-ignore lint/suspicious/noExplicitAny: one contract for several versions, each with types of its own
export type Sdk = any;

export type Version = {
  name: string;
  /** Makes spans of its own. */
  hasSpans: boolean;
  /** What `require` is given for it. */
  library: string;
  sdk: Sdk;
  /** What its clients need beside a key and an address. */
  options: Record<string, unknown>;
};

/**
 * The versions before 0.134 make no spans. The installed 0.x does, unless it is told not to; with the mark of that gone, it is
 * like one before. `TEST_ANTHROPIC` names the folder of a real one.
 */
function withoutSpans(): Version {
  const folder = process.env.TEST_ANTHROPIC;
  if (folder) return { name: folder, library: folder, hasSpans: false, sdk: require(folder), options: {} };
  const sdk = require("anthropic0");
  delete sdk.BaseAnthropic.prototype.openTelemetry;
  return {
    name: "0.x without spans of its own",
    library: "anthropic0",
    hasSpans: false,
    sdk,
    options: { openTelemetry: false },
  };
}

const { default: current } = await import("@anthropic-ai/sdk");
const { default: previous } = await import("anthropic0");

export const versions: Version[] = [
  { name: "1.x", library: "@anthropic-ai/sdk", hasSpans: true, sdk: current, options: {} },
  { name: "0.x with spans of its own", library: "anthropic0", hasSpans: true, sdk: previous, options: {} },
  withoutSpans(),
];
