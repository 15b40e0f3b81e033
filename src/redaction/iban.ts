/** International bank account numbers (ISO 13616) by country, length and check digits. */

/** Lengths as in the SWIFT registry of IBANs. */
const lengths: Record<string, number> = Object.fromEntries(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 " +
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 " +
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 " +
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Letters stand for 10 to 35; country and check digits go to the end; the remainder by 97 must be 1. */
function remainder(iban: string): number {
  let rest = 0;
  for (let i = 0; i < iban.length; i++) {
    const code = iban.charCodeAt((i + 4) % iban.length);
    rest = code > 57 ? (rest * 100 + code - 55) % 97 : (rest * 10 + code - 48) % 97;
  }
  return rest;
}

const candidate = /[A-Z]{2}(?:0[2-9]|[1-8]\d|9[0-8])(?:[ -]?[A-Z0-9]){11,30}/g;

/** Calls `found` with the place of each IBAN, whole or in groups of four. Looks at each character a bounded number of times. */
export function findIbans(
  text: string,
  startsAt: (index: number) => boolean,
  found: (start: number, end: number) => void,
) {
  candidate.lastIndex = 0;
  for (let match = candidate.exec(text); match; match = candidate.exec(text)) {
    const { index } = match;
    const length = lengths[match[0].slice(0, 2)];
    if (length === undefined || !startsAt(index)) {
      candidate.lastIndex = index + 2;
      continue;
    }
    let end = index;
    let compact = "";
    while (compact.length < length && end < index + match[0].length) {
      const character = text[end++] as string;
      if (character !== " " && character !== "-") compact += character;
    }
    const next = text.charCodeAt(end);
    const goesOn =
      (next >= 48 && next <= 57) || (next >= 65 && next <= 90) || (next >= 97 && next <= 122) || next === 95;
    if (compact.length === length && !goesOn && remainder(compact) === 1) {
      found(index, end);
      candidate.lastIndex = end;
    } else candidate.lastIndex = index + 2;
  }
}
