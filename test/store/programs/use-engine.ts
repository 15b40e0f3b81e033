/** Opens a file with an engine, does what it is told, and waits for a line on stdin before it closes and ends. */
import { openEngine } from "../../../src/store/engines/open-engine.js";

const { path, engine: name, sql, timeout } = JSON.parse(process.argv[2] as string);
try {
  const engine = await openEngine({ path, engine: name, readOnly: false, timeout });
  engine.exec(sql);
  engine.sync();
  console.log("ready");
  process.stdin.once("data", () => {
    engine.close();
    process.exit(0);
  });
} catch (error) {
  console.log(JSON.stringify({ code: (error as { code: string }).code }));
}
