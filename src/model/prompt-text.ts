/** The instructions that a model call was given. Pure. */
import type { Message } from "./message.js";
import { messageText } from "./read-message.js";

/** `system`: instructions that travel apart from the messages; else the message that opens the conversation, where it gives them. */
export function promptText(system: string | null, opening: Message | undefined): string | null {
  if (system !== null && system.trim() !== "") return system;
  if (opening === undefined || (opening.role !== "system" && opening.role !== "developer")) return null;
  const text = messageText(opening);
  return text.trim() === "" ? null : text;
}
