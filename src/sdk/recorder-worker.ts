/** What the recorder's thread runs. The build bundles it to one text, see `worker-text.ts`. */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import type { RecorderData, ToRecorder } from "./recorder-message.js";
import { createRecorderThread } from "./recorder-thread.js";

// the program's own thread runs the same text where there can be no other
export { createRecorderThread };

const data = (workerData as Partial<RecorderData> | null)?.agensightRecorder;

if (data) {
  const { port, state } = data;
  const fetch = (): ToRecorder | undefined => receiveMessageOnPort(port)?.message;
  const thread = createRecorderThread((message) => port.postMessage(message), state, fetch);
  port.on("message", (message: ToRecorder) => thread.receive(message));
}
