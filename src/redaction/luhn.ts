/** The check digit of payment cards (ISO/IEC 7812-1) and who issued them. */

/** Whether the digits from `start` to `end` end in their check digit; what stands between them does not count. */
function passesLuhn(text: string, start: number, end: number): boolean {
  let sum = 0;
  let double = false;
  for (let i = end - 1; i >= start; i--) {
    let digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) continue;
    if (double) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
    double = !double;
  }
  return sum % 10 === 0;
}

/** Prefix and lengths by issuer: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro, Mir, RuPay. */
const issuers: [RegExp, number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|095|[689])/, [14, 16, 19]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8]\d)/, [16, 17, 18, 19]],
  [/^(?:62|81)/, [16, 17, 18, 19]],
  [/^(?:50|5[6-9]|6[37])/, [16, 17, 18, 19]],
  [/^220[0-4]/, [16, 17, 18, 19]],
  [/^(?:60|82|508)/, [16]],
];

/** Whether a known issuer hands out cards of this beginning and length, and the check digit is right. */
export function isCardNumber(text: string, start: number, end: number): boolean {
  if (!passesLuhn(text, start, end)) return false;
  const digits = text.slice(start, end).replace(/\D/g, "");
  return issuers.some(([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits));
}
