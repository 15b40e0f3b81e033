/** The limit of what goes over `/ingest`; apart from the messages' schemas, which the recorder has no use for. */

/** Bytes of one frame. */
export const largestFrame = 16 * 1024 * 1024;
