/** How agents ask to hand control to another: by a tool of a telling name, in the forms that frameworks use. Pure. */

/** `transfer_to_x`, `transfer_back_to_x`, `handoff_to_x`, `hand_off_to_x`, `handOff`, `handoff to x`; group 1: whom. */
const handOffName = /^(?:transfer(?:_back)?_to|hand_?(?:off|over|back)(?:_to)?)(?:_(.*))?$/;

/** How names are compared: `transfer_to_billing_agent` means "Billing agent", "billing" and "billing-agent". */
export function bareName(name: string): string {
  return name
    .slice(0, 200)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "")
    .replace(/(?<=.)agent$/, "");
}

/** Whom a tool of this name hands over to; "" = it does not say; null = it is no hand-off. */
export function handOffTarget(tool: string): string | null {
  const words = tool
    .slice(0, 200)
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
  const found = handOffName.exec(words);
  if (found === null) return null;
  const target = found[1] ?? "";
  return target === "agent" ? "" : target;
}

/** Whether a hand-off to `target` may mean this agent. */
export function isTarget(target: string, agent: string | null): boolean {
  return target === "" || (agent !== null && bareName(target) === bareName(agent));
}
