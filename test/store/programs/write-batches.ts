/** Writes numbered batches until it is told to stop or killed; acknowledges each one when it is on disk. */
import { writeSync } from "node:fs";
import { openIngest } from "../../../src/ingest/ingest.js";
import { batchRequest } from "./numbered-batches.js";

const { path, engine, writer, from, pause } = JSON.parse(process.argv[2] as string);
let stopped = false;
process.stdin.once("data", () => {
  stopped = true;
});
const ingest = await openIngest({ path, engine });
for (let batch = from; !stopped; batch++) {
  const { rejected } = ingest.traces(batchRequest(writer, batch));
  if (rejected.length > 0) throw new Error("a span was refused");
  // not through the stream: an acknowledgement that is printed must have been given
  writeSync(1, `ack ${batch}\n`);
  if (batch % 5 === writer) ingest.maintain({ all: true });
  await new Promise((resolve) => setTimeout(resolve, pause));
}
ingest.close();
process.exit(0);
