// What a failed span carries besides its facts.

/** OpenTelemetry's event of an exception. */
export function exception({ type, message }, at) {
  return {
    name: "exception",
    at,
    values: {
      "exception.type": type,
      "exception.message": message,
      "exception.stacktrace": `${type}: ${message}\n    at execute (/srv/app/dist/agent/execute.js:88:13)\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)`,
    },
  };
}

export const failed = (fails) => (fails ? { code: 2, message: fails.message } : undefined);
