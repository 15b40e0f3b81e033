/** Finds private keys in PEM and its relatives, with real or escaped line ends. */
import type { Finding } from "./marks.js";

const header = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y;
const footer = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y;
/** After lines such as `Proc-Type: 4,ENCRYPTED`. */
const firstLine =
  /(?:\\+[nrt]|["'+,]|\s){0,12}(?:[A-Z][A-Za-z-]{2,20}: [^\n\\"]{0,120}(?:\\+[nrt]|\s){1,8}){0,6}[A-Za-z0-9+/=]{16,}/y;
const nextLine = /(?:\\+[nrt]|["'+,]|\s){0,12}[A-Za-z0-9+/=]{16,}/y;
/** The short last line, with the checksum of OpenPGP. */
const lastLine =
  /(?:\\+[nrt]|["'+,]|\s){0,12}[A-Za-z0-9+/]{0,15}={1,2}(?:(?:\\+[nrt]|\s){0,8}=[A-Za-z0-9+/]{4}(?![A-Za-z0-9]))?/y;
/** Between the base64 and the footer there may be the rest of a line. */
const farthestFooter = 64;

/** A key that was cut off reaches as far as its base64. Each character is read a bounded number of times. */
export function findPrivateKeys(text: string, findings: Finding[]): void {
  let footerAt = -1;
  for (let at = text.indexOf("-----BEGIN "); at >= 0; ) {
    const afterHeader = endOf(header, text, at);
    let end = afterHeader < 0 ? -1 : endOf(firstLine, text, afterHeader);
    if (end >= 0) {
      for (let line = endOf(nextLine, text, end); line >= 0; line = endOf(nextLine, text, end)) end = line;
      end = Math.max(end, endOf(lastLine, text, end));
      if (footerAt < end) footerAt = text.indexOf("-----END ", end);
      if (footerAt < 0) footerAt = Number.POSITIVE_INFINITY;
      if (footerAt - end <= farthestFooter) end = Math.max(end, endOf(footer, text, footerAt));
      findings.push({ name: "private_key", start: at, end });
    }
    at = text.indexOf("-----BEGIN ", Math.max(end, at + 11));
  }
}

/** -1: it does not match there. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}
