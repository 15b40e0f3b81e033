/** What the receiving thread runs; the build bundles it to one file. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { ToReceiver } from "./message.js";
import { createReceivingThread } from "./thread.js";

const port = parentPort;
if (port) {
  const receive = createReceivingThread(
    workerData,
    (message) => port.postMessage(message),
    () => receiveMessageOnPort(port)?.message as ToReceiver | undefined,
  );
  port.on("message", receive);
}
