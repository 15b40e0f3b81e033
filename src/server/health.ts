/** `/healthz`: lets another Agensight see whose store is served here. */
import { sendJson } from "./http-error.js";
import type { Route } from "./route.js";

/** `store_id`: null while there is no store. */
export type Health = { ok: true; version: string; store_id: string | null };

export const health: Route = {
  path: "/healthz",
  methods: ["GET"],
  open: true,
  async handle(_, response, { store }) {
    const reader = await store.reader().catch(() => null);
    const store_id = reader ? (await reader.changes({ after_seq: Number.MAX_SAFE_INTEGER, limit: 1 })).store_id : null;
    sendJson(response, 200, { ok: true, version: store.version, store_id } satisfies Health);
  },
};
