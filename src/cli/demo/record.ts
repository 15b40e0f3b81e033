/** Records the demo's run: our own SDK, real HTTP, one file. */
import { setupTracing, withSession } from "../../sdk/tracing.js";
import { answerCustomer } from "./agents.js";
import type { ChatMessage } from "./chat-wire.js";
import { conversations } from "./conversations.js";
import { startModelServer } from "./model-server.js";
import { createTools } from "./tools.js";

/** The service name of the recorded program. */
export const demoService = "travel-desk-demo";

/** `tell` hears each thing that is said. Resolves when the spans are on disk. */
export async function recordRun(
  dbPath: string,
  tell: (session: string, who: string, text: string) => void,
): Promise<void> {
  const model = await startModelServer(
    Object.fromEntries(conversations.map(({ session, replies }) => [session, replies])),
  );
  const tracing = setupTracing(demoService, { dbPath });
  const desk = { modelUrl: model.url, tools: createTools() };
  try {
    for (const { session, says } of conversations) {
      const history: ChatMessage[] = [];
      for (const content of says) {
        tell(session, "customer", content);
        history.push({ role: "user", content });
        const answer = await withSession(session, () => answerCustomer(desk, session, history)).catch(
          (error: Error) => `${error.name}: ${error.message}`,
        );
        tell(session, "agents", answer);
        history.push({ role: "assistant", content: answer });
      }
    }
  } finally {
    model.close();
    await tracing.shutdown();
  }
}
