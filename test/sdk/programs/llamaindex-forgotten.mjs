// A workflow waits for ever, and nobody holds it any more; the program is killed when that has been recorded. Needs --expose-gc.
import { createWorkflow, workflowEvent } from "@llamaindex/workflow";
import { sdk } from "./agensight.mjs";

const tracing = sdk.setupTracing("forgotten");
sdk.instrumentLlamaIndex();
const start = workflowEvent({ debugLabel: "start" });
const workflow = createWorkflow();
workflow.handle([start], () => new Promise(() => {}));
(() => workflow.createContext().sendEvent(start.with()))();
for (let turn = 0; turn < 20; turn++) {
  globalThis.gc();
  await new Promise(setImmediate);
}
await tracing.flush();
process.kill(process.pid, "SIGKILL");
