/** How much recorded text may be shown. */
export const shownContents = ["none", "preview", "full"] as const;

/** `preview`: the first 160 characters of each text. */
export type ShownContent = (typeof shownContents)[number];
