/** A few findings of each severity, and what is left counted in one more. */
import { type Finding, severities } from "../diagnosis.js";
import { count, plurals } from "../format.js";
import { phrase } from "../phrase.js";

const mostFindings = 4;
/** Spans that prove one finding. */
export const mostEvidence = 200;

/** `noun`: what each finding is about. */
export function limitFindings(findings: readonly Finding[], noun: string): Finding[] {
  return severities.flatMap((severity) => {
    const own = findings.filter((finding) => finding.severity === severity);
    const [first, ...others] = own.slice(mostFindings);
    if (!first) return own;
    const n = others.length + 1;
    const summary = phrase`${count(n)} more ${n === 1 ? noun : plurals(noun)} of this sort, the first of them: ${first.summary}`;
    const evidence = [first, ...others].flatMap((finding) => finding.evidence.slice(0, 5)).slice(0, mostEvidence);
    return [
      ...own.slice(0, mostFindings),
      { ...first, summary, evidence, saves: { ms: null, tokens: null, usd: null } },
    ];
  });
}
