// The floor under `agensight import`: reads the file named on the command line and parses each of its lines.
import { createReadStream } from "node:fs";

let rest = Buffer.alloc(0);
let count = 0;
for await (const chunk of createReadStream(process.argv[2], { highWaterMark: 1 << 20 })) {
  let data = rest.length ? Buffer.concat([rest, chunk]) : chunk;
  for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
    JSON.parse(data.toString("utf8", 0, end));
    count++;
    data = data.subarray(end + 1);
  }
  rest = data;
}
if (rest.length) {
  JSON.parse(rest.toString("utf8"));
  count++;
}
process.stdout.write(`${count}\n`);
