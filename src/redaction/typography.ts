/** Digits, blanks and dashes as word processors and models set them. */

const spaces = /[\u00a0\u2007\u2009\u202f]/g;
const dashes = /[\u2010-\u2013\u2212]/g;
/** `（` to `９`; they stand as far from their ASCII forms as all full-width signs do */
const fullWidth = /[\uff08-\uff19]/g;
const any = /[\u00a0\u2007\u2009\u2010-\u2013\u202f\u2212\uff08-\uff19]/;

/** Of the same length, so that a place in one is the same place in the other. */
export function inAscii(text: string): string {
  if (!any.test(text)) return text;
  return text
    .replace(spaces, " ")
    .replace(dashes, "-")
    .replace(fullWidth, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
}
