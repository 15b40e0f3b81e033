/** Work that goes round in circles. */
import type { Detector, Finding } from "../diagnosis.js";
import type { Run } from "../run.js";
import { loopsOfAgents } from "./loop-of-agents.js";
import { loopsOfAnswers } from "./loop-of-answers.js";
import { loopsOfTools } from "./loop-of-tools.js";

const limit =
  /recursion|(?:max|maximum|too many|limit of)\w*[\s_-]{1,3}(?:of |number of |agent |tool )?(?:iteration|turn|step|call|round)|(?:iteration|turn|step)s? limit/i;

export const detectLoops: Detector = (run) =>
  [...loopsOfTools(run), ...loopsOfAgents(run), ...loopsOfAnswers(run)].map((loop) => withEnd(run, loop));

/** A loop that ran into a limit of its framework is what ended the run. */
function withEnd(run: Run, loop: Finding): Finding {
  const stopped = run.steps.filter(
    ({ status, error_type: type, error_message: message }) =>
      status === "error" && limit.test(`${type ?? ""} ${(message ?? "").slice(0, 1000)}`),
  );
  if (run.trace.status !== "error" || stopped.length === 0) return loop;
  const ids = stopped.map(({ span_id }) => span_id);
  return { ...loop, severity: "critical", evidence: [...new Set([...loop.evidence, ...ids])] };
}
