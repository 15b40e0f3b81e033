// Agents that read the web and write a summary.
import { report, sentence } from "./words.mjs";

const topics = [
  "heat pumps in old buildings",
  "EU battery passport",
  "sodium-ion cells",
  "night trains in Europe",
  "low-code in banks",
  "urban flood defence",
];
const hosts = [
  "energy-review.example",
  "transport-weekly.example",
  "standards.example",
  "policy-lab.example",
  "gridnews.example",
];
const slug = (text) => text.toLowerCase().replace(/[^a-z]+/g, "-");

export const research = {
  service: "research-desk",
  agents: ["planner", "reader", "writer"],
  system: `You research questions for analysts of a consultancy. Work in steps: plan, search, read, compare, write.
Use at least three independent sources, prefer primary ones, and write down publication dates. Mark what is uncertain.
Never quote more than forty words. Numbers need a source and a year. Currency in EUR unless the source says otherwise.
When sources contradict each other say so and give both. Do not use sources older than five years for market figures.
Structure of the answer: summary of five lines, findings with sources, open questions, list of sources.
Tools: web_search finds pages, fetch_page reads one, save_note keeps what you want to cite, query_statistics gives official figures.
Stay within the question. If nothing reliable can be found say so plainly instead of filling the page.`,
  users: [
    (r) => `What has changed for ${r.pick(topics)} since 2024? Two pages, with sources.`,
    (r) => `Compare the three most quoted studies on ${r.pick(topics)}.`,
    (r) => `How large is the market for ${r.pick(topics)} in Germany and Italy, and who says so?`,
  ],
  thinks: [
    "I start with an overview and then look for primary sources.",
    "This page is a press release; I need the study behind it.",
    "Two sources agree, a third one would settle it.",
    "Saving this for the list of sources.",
  ],
  answers: [
    (r) =>
      `Summary: ${sentence(r)} ${sentence(r)}\n\nFindings: ${report(r, 700)}\n\nOpen: figures for 2026 are estimates. Sources: energy-review.example, policy-lab.example, standards.example.`,
  ],
  tools: [
    {
      name: "web_search",
      says: "Search the web",
      needs: ["query"],
      ms: 640,
      args: (r) => ({
        query: `${r.pick(topics)} ${r.pick(["2025 study", "market size", "regulation", "statistics", "pilot results"])}`,
      }),
      result: (a, r) =>
        Array.from({ length: 4 }, () => ({
          url: `https://${r.pick(hosts)}/${slug(a.query ?? "page")}-${r.digits(4)}`,
          title: sentence(r),
          year: r.between(2022, 2026),
        })),
    },
    {
      name: "fetch_page",
      says: "Read a web page as text",
      needs: ["url"],
      ms: 980,
      sigma: 0.45,
      args: (r) => ({ url: `https://${r.pick(hosts)}/${slug(r.pick(topics))}-${r.digits(4)}` }),
      result: (_, r) => report(r, r.between(900, 2600)),
    },
    {
      name: "save_note",
      says: "Keep a note for the answer",
      needs: ["text", "source"],
      ms: 22,
      args: (r) => ({ text: sentence(r), source: `https://${r.pick(hosts)}/p${r.digits(4)}` }),
      result: (_, r) => ({ saved: `note-${r.digits(3)}` }),
    },
    {
      name: "query_statistics",
      says: "Official statistics by table and year",
      needs: ["table", "year"],
      ms: 540,
      args: (r) => ({ table: r.pick(["nrg_bal_c", "tran_r_net", "sbs_na_ind"]), year: r.between(2021, 2025) }),
      result: (a, r) => ({
        table: a.table,
        year: a.year,
        DE: r.between(1000, 90000),
        IT: r.between(1000, 90000),
        unit: "thousand",
      }),
    },
  ],
};
