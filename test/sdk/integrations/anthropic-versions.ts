/** The versions of Anthropic's SDK that are tested: those since 0.134 make spans of their own. */

// biome-ignore lint/suspicious/noExplicitAny: one contract for several versions, each with types of its own
export type Sdk = any;

export type Version = {
  name: string;
  /** Makes spans of its own. */
  hasSpans: boolean;
  /** What `require` is given for it. */
  library: string;
  sdk: Sdk;
};

const { default: current } = await import("@anthropic-ai/sdk");
const { default: previous } = await import("anthropic0");
const { default: older } = await import("anthropic0133");

export const versions: Version[] = [
  { name: "1.x", library: "@anthropic-ai/sdk", hasSpans: true, sdk: current },
  { name: "0.x with spans of its own", library: "anthropic0", hasSpans: true, sdk: previous },
  { name: "0.x without spans of its own", library: "anthropic0133", hasSpans: false, sdk: older },
];
