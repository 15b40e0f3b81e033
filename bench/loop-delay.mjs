// Preloaded into a server: writes its event loop delay to LOOP_DELAY_FILE when it ends; SIGUSR2 starts anew.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("SIGUSR2", () => delay.reset());
process.on("exit", () => {
  const p99 = delay.percentile(99) / 1e6;
  writeFileSync(process.env.LOOP_DELAY_FILE, JSON.stringify({ p99, max: delay.max / 1e6 }));
});
