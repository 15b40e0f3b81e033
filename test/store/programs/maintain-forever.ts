/** Does a store's housekeeping again and again until it is told to stop. */
import { openIngest } from "../../../src/ingest/ingest.js";

const { path, engine } = JSON.parse(process.argv[2] as string);
let stopped = false;
process.stdin.once("data", () => {
  stopped = true;
});
const ingest = await openIngest({ path, engine });
console.log("ready");
while (!stopped) {
  ingest.maintain({ all: true });
  await new Promise((resolve) => setTimeout(resolve, 1));
}
ingest.close();
process.exit(0);
