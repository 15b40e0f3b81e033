// An agent on call: logs, metrics, deployments.
import { day } from "./words.mjs";

const services = ["checkout", "catalog", "search", "payments", "identity", "mailer"];
const messages = [
  "connection reset by peer",
  "upstream timed out",
  "pool exhausted (40/40)",
  "cache miss ratio 0.71",
  "GC pause 840 ms",
  "slow query 3.2 s",
  "health check ok",
  "config reloaded",
];

/** Lines of a log. */
export function logLines(random, count) {
  return Array.from(
    { length: count },
    () =>
      `${day(random)}T${random.between(10, 23)}:${random.between(10, 59)}:${random.between(10, 59)}Z ${random.pick(["INFO", "WARN", "ERROR"])} ${random.pick(services)}-${random.between(1, 9)} req=${random.hex(8)} ${random.pick(messages)}`,
  ).join("\n");
}

export const operations = {
  service: "oncall-agent",
  agents: ["responder", "deployer", "scribe"],
  system: `You help the engineer on call. You may read everything and change only what a runbook allows.
Severity: S1 customers cannot buy, S2 degraded, S3 internal. For S1 page the lead at once and then go on.
Work along the runbook: confirm the alert, look at what changed in the last hour, form one hypothesis, test it, act, verify.
Allowed without asking: restart one instance, scale up to twice the size, roll back the newest deployment of one service.
Not allowed: deleting data, changing feature flags for payments, touching more than one service at the same time.
Write down each action with its time (UTC). Verify with metrics, not with a feeling: two green readings one minute apart.
Close with: what happened, since when, impact, what was done, what remains. No blame.`,
  users: [
    (r) => `Alert: ${r.pick(services)} p99 latency above 2 s for 10 minutes. Please look into it.`,
    (r) => `Error rate of ${r.pick(services)} is at ${r.between(3, 14)} % since the last deployment.`,
    (r) => `Disk on ${r.pick(services)}-db is at 91 %. What grows, and how long do we have?`,
  ],
  thinks: [
    "I confirm the alert with the metric first.",
    "What changed in the last hour?",
    "The errors begin with the deployment; I check one instance's log.",
    "Verifying with a second reading.",
  ],
  answers: [
    (r) =>
      `Since 14:${r.between(10, 50)} UTC ${r.pick(services)} answered slowly because its connection pool was exhausted. I rolled back release ${r.between(200, 400)}; p99 is back at ${r.between(180, 320)} ms in two readings. Open: why the pool size was lowered.`,
    (r) =>
      `The table audit_log grows by ${r.between(2, 9)} GB a day; at this rate the disk is full in ${r.between(5, 12)} days. I did not delete anything. Proposal: partition and archive.`,
  ],
  tools: [
    {
      name: "query_metrics",
      says: "A metric of a service over a window",
      needs: ["service", "metric", "window"],
      ms: 260,
      args: (r) => ({
        service: r.pick(services),
        metric: r.pick(["p99_ms", "error_rate", "rps", "cpu"]),
        window: r.pick(["5m", "30m", "2h"]),
      }),
      result: (a, r) => ({ ...a, points: Array.from({ length: 6 }, () => r.between(120, 2400)) }),
    },
    {
      name: "search_logs",
      says: "Search log lines",
      needs: ["service", "query", "minutes"],
      ms: 880,
      sigma: 0.35,
      args: (r) => ({
        service: r.pick(services),
        query: r.pick(["level:ERROR", "timeout", "pool", "OOM"]),
        minutes: r.pick([15, 30, 60]),
      }),
      result: (_, r) => logLines(r, r.between(4, 14)),
    },
    {
      name: "list_deployments",
      says: "The newest deployments",
      needs: ["service"],
      ms: 170,
      args: (r) => ({ service: r.pick(services) }),
      result: (a, r) => ({
        service: a.service,
        deployments: [{ release: r.between(200, 400), at: `${day(r)}T13:5${r.between(0, 9)}:00Z`, by: "ci" }],
      }),
    },
    {
      name: "rollback",
      says: "Roll a service back to the release before",
      needs: ["service", "release"],
      ms: 4200,
      args: (r) => ({ service: r.pick(services), release: r.between(200, 400) }),
      result: (a) => ({ service: a.service, rolled_back_to: a.release, state: "complete" }),
    },
    {
      name: "restart_instance",
      says: "Restart one instance",
      needs: ["instance"],
      ms: 3100,
      args: (r) => ({ instance: `${r.pick(services)}-${r.between(1, 9)}` }),
      result: () => "",
    },
    {
      name: "job_status",
      says: "State of a background job",
      needs: ["job_id"],
      ms: 60,
      args: (r) => ({ job_id: `job-${r.digits(5)}` }),
      result: (a, r) => ({ job_id: a.job_id, state: "running", progress: r.between(1, 99) }),
    },
    {
      name: "page_person",
      says: "Page a person",
      needs: ["who", "text"],
      ms: 300,
      args: () => ({ who: "lead-oncall", text: "S1 on checkout, rolling back" }),
      result: (_, r) => ({ page_id: `pg-${r.digits(4)}`, acknowledged: true }),
    },
  ],
};
