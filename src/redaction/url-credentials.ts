/** Finds `user:password` in `scheme://user:password@host`, without the `@`. */
import { classOf, digit, letter } from "./boundary.js";
import type { Finding } from "./marks.js";

const credentials = /[^\s/?#"'`<>@:{}$\\]{0,128}:([^\s/?#"'`<>{}\\]{1,256})@(?=[^\s/?#"'`<>@])/y;
/** Templates and what others have already made of a password. */
const placeholder = /^(?:\$.*|%s|\*+|x{3,}|\.{3}|redacted|\[[a-z_]+(?::[0-9a-f]{10})?\])$/i;

/** JSON may write `:\/\/`. Looks at most 400 characters on from each `://`. */
export function findUrlCredentials(text: string, findings: Finding[]): void {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    if ((classOf(text.charCodeAt(at - 1)) & (letter | digit)) === 0) continue;
    const start = at + 3;
    credentials.lastIndex = start;
    const match = credentials.exec(text);
    if (match && !placeholder.test(match[1] as string)) {
      findings.push({ name: "url_credentials", start, end: start + match[0].length - 1 });
    }
  }
}
