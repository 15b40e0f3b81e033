// How Agensight is asked: a store a file, its tools over stdio.
import { join } from "node:path";
import { connect } from "../../client.mjs";
import { timed } from "../../import.mjs";

export const name = "agensight";

/** Reads the files in and gives `{call, diagnose, compare, close}`; an answer is `{text, …}`. */
export async function open(files, folder) {
  const clients = {};
  for (const [data, file] of Object.entries(files)) {
    const db = join(folder, `${data}-asked.db`);
    await timed(["dist/cli/bin.js", "import", file, "--db", db]);
    clients[data] = await connect(db);
  }
  const call = (data, tool, args) => clients[data].ask(tool, args);
  return {
    call,
    /** `{findings: [{kind, severity, summary, evidence}]}`, best first. */
    diagnose: (data, trace_id) => clients[data].askJson("diagnose_trace", { trace_id }),
    /** `{first, text}`: the first difference that is sure, in words; a version's name alone is none. */
    compare: async (data, group_a, group_b) => {
      const { verdict, separators } = await clients[data].askJson("compare_traces", { group_a, group_b });
      const first = separators.find(({ kind, sure }) => sure && kind !== "version");
      return { first: first?.summary ?? null, text: verdict };
    },
    close: () => Promise.all(Object.values(clients).map((client) => client.close())),
  };
}
