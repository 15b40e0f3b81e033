/** Who may come in: decided from the head of a request, before anything else of it is read. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export type GuardOptions = {
  /** names under which the server may be addressed besides loopback ones, without port */
  hosts: string[];
  /** null: none is asked for */
  token: string | null;
};

/** null = may come in. The texts tell a stranger nothing but what was missing. */
export type Refusal = { status: 401 | 403 | 421; message: string } | null;

export type Guard = (request: IncomingMessage, url: URL, open: boolean) => Refusal;

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/** Of a Host header: without port, and without the brackets of IPv6. */
function hostName(host: string): string {
  return host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
}

/** Of equal length whatever was sent, so that comparing takes equal time. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

export function createGuard({ hosts, token }: GuardOptions): Guard {
  const names = new Set(hosts.map((host) => host.toLowerCase()));
  const secret = token === null ? null : digest(token);

  return (request, url, open) => {
    const host = request.headers.host ?? "";
    // DNS rebinding: a foreign name that resolves to this machine
    if (!isLoopback(hostName(host)) && !names.has(hostName(host)))
      return { status: 421, message: "This server does not answer to that host name." };
    const { origin } = request.headers;
    const site = request.headers["sec-fetch-site"];
    const ownOrigin = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    if (!ownOrigin || (site !== undefined && site !== "same-origin" && site !== "none"))
      return { status: 403, message: "Pages of other origins may not ask this server." };
    if (secret === null || open) return null;
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const given = bearer ?? url.searchParams.get("access_token");
    if (given === null || !timingSafeEqual(digest(given), secret))
      return { status: 401, message: "A token is needed: Authorization: Bearer TOKEN." };
    return null;
  };
}
