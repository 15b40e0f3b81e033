/** Which server a call goes to. */
import type { CallAttributes } from "./call-span.js";

/** Nothing where `url` is none. */
export function serverAddress(url: unknown): CallAttributes {
  if (!URL.canParse(String(url))) return {};
  const { hostname, port, protocol } = new URL(String(url));
  return { "server.address": hostname, "server.port": port ? Number(port) : protocol === "http:" ? 80 : 443 };
}
