/** Attributes of OpenTelemetry at large: session and user, whichever library wrote the span. */
import type { Dialect } from "../dialect.js";

export const general: Dialect = {
  owns: () => true,
  texts: [
    ["session_id", ["session.id", "langfuse.session.id", "langsmith.trace.session_id"]],
    ["user_id", ["user.id", "enduser.id", "enduser.pseudo.id", "langfuse.user.id"]],
  ],
};
