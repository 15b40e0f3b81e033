/** Ingests a file of OTLP/JSON lines in a process of its own and prints how many spans were accepted. */
import { readFileSync } from "node:fs";
import { openIngest } from "../../../src/ingest/ingest.js";

const { path, engine, file } = JSON.parse(process.argv[2] as string);
const ingest = await openIngest({ path, engine });
let accepted = 0;
for (const line of readFileSync(file, "utf8").split("\n")) {
  if (line !== "") accepted += ingest.traces(JSON.parse(line)).accepted;
}
ingest.close();
console.log(JSON.stringify({ accepted }));
