/**
 * What a recording program and the server say to each other over the WebSocket `/ingest?instance=ID`: one JSON text
 * a frame, of at most 16 MiB. `instance` names the program's connection, so that the server knows it again.
 */
import * as z from "zod";

const id = z.int().nonnegative();
const count = z.int().nonnegative();

export const ToServer = z.discriminatedUnion("type", [
  /** `data`: OTLP/JSON's TracesData, in which a span without `endTimeUnixNano` has only started */
  z.object({ type: z.literal("spans"), id, data: z.looseObject({ resourceSpans: z.array(z.unknown()) }) }),
  /** spans that had to be left out and are recorded nowhere */
  z.object({ type: z.literal("dropped"), count }),
]);
export type ToServer = z.infer<typeof ToServer>;

export const FromServer = z.discriminatedUnion("type", [
  /** what came as `id` is on disk, but for the `rejected` spans, which could not be understood; `reasons` of the first ones */
  z.object({ type: z.literal("ack"), id, rejected: count, reasons: z.array(z.string()) }),
  /** what came as `id` cannot be written now: send it again later */
  z.object({ type: z.literal("retry"), id, reason: z.string() }),
]);
export type FromServer = z.infer<typeof FromServer>;

export const IngestMessage = z.union([ToServer, FromServer]);
