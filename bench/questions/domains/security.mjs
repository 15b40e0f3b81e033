// A security team's triage of alerts.
import { day } from "./words.mjs";

const host = (r) => `${r.pick(["lap", "srv", "kiosk", "vdi"])}-${r.digits(4)}`;
const address = (r) => `203.0.113.${r.between(1, 250)}`;

export const security = {
  service: "alert-triage",
  agents: ["analyst", "hunter", "containment", "reporter"],
  system: `You triage alerts for the security operations centre of a retailer. Work from evidence only.
Severity: P1 when credentials or payment data are exposed, P2 when malware ran, P3 for policy breaches, P4 for noise.
Isolate a host only with P1 or P2 and write down who approved it. Never delete evidence. Times are UTC.
Every case ends with a note: what happened, which hosts and accounts, what was done, what is still open.
If a source could not be read, say so in the note and lower your confidence.`,
  users: [
    (r) => `Alert ${r.digits(7)}: impossible travel for account svc-${r.hex(4)}, ${day(r)}. Please triage.`,
    (r) => `EDR reports an unsigned driver on ${host(r)}. What do we know?`,
    (r) => `${address(r)} scans our checkout since ${day(r)}. Block or ignore?`,
  ],
  thinks: ["I look at the log-ins.", "Check the indicator against the feeds.", "What runs on that host?", ""],
  answers: [
    (r) =>
      `Verdict P4: the address belongs to our own scanner, last seen ${day(r)}. Nothing to do; the rule gets an exception.`,
    (r) =>
      `Verdict P3 on ${host(r)}: an unsigned printer driver from ${day(r)}, no network traffic. Ticket for the desk opened.`,
  ],
  tools: [
    {
      name: "query_siem",
      says: "Search events",
      needs: ["query", "hours"],
      ms: 1300,
      sigma: 0.35,
      args: (r) => ({
        query: `host=${host(r)} AND event=${r.pick(["logon", "process", "dns"])}`,
        hours: r.between(1, 72),
      }),
      result: (_, r) =>
        Array.from({ length: r.between(2, 6) }, () => ({
          at: `${day(r)}T0${r.between(1, 9)}:14:00Z`,
          host: host(r),
          id: r.hex(10),
        })),
    },
    {
      name: "lookup_ioc",
      says: "What feeds say of an address, domain or hash",
      needs: ["indicator"],
      ms: 420,
      args: (r) => ({ indicator: address(r) }),
      result: (a, r) => ({ indicator: a.indicator, listed_in: r.between(0, 3), of: 62, first_seen: day(r) }),
    },
    {
      name: "get_host",
      says: "Owner, system and agent state of a host",
      needs: ["host"],
      ms: 190,
      args: (r) => ({ host: host(r) }),
      result: (a, r) => ({
        host: a.host,
        os: r.pick(["win11", "debian12"]),
        owner: `u${r.digits(4)}`,
        last_seen: day(r),
      }),
    },
    {
      name: "list_logins",
      says: "Log-ins of an account",
      needs: ["account"],
      ms: 560,
      args: (r) => ({ account: `svc-${r.hex(4)}`, days: r.between(1, 14) }),
      result: (_, r) =>
        Array.from({ length: r.between(2, 5) }, () => ({ at: day(r), from: address(r), mfa: r.chance(0.8) })),
    },
    {
      name: "isolate_host",
      says: "Take a host off the network",
      needs: ["host", "reason"],
      ms: 880,
      args: (r) => ({ host: host(r), reason: `case ${r.digits(5)}` }),
      result: (a, r) => ({ host: a.host, isolated: true, task: r.hex(8) }),
    },
    {
      name: "add_case_note",
      says: "Write to the case",
      needs: ["case", "text"],
      ms: 140,
      args: (r) => ({ case: r.digits(5), text: `Checked ${host(r)} on ${day(r)}.` }),
      result: (a, r) => ({ case: a.case, note: r.between(1, 30), by: "agent", at: day(r) }),
    },
  ],
};
