/** How agents say that work is not theirs, in some languages. Pure. */

const english =
  /\b(?:hand|transfer|pass|rout|send|return|giv)\w{0,4} (?:\w+ ){0,4}(?:back|over)\b|\bnot (?:my|our|mine|ours|for (?:me|us)|within my|something i)\b|\b(?:can(?:not|[’']t)|unable to) help (?:you )?(?:with|here)\b|\bwrong (?:agent|team|department|place|specialist|desk)\b|\b(?:outside|out of) (?:of )?(?:my|our|scope)\b/i;

/** Beginnings of words count; longer texts than a refusal are never asked about. */
const elsewhere = [
  // German
  ..."nicht zuständig|nicht mein|nicht unser|nicht für mich|nicht für uns|gehört nicht|falsche abteilung|falsche stelle|nicht in meinen bereich|fällt nicht in|zurückgeben|gebe zurück|gebe es zurück|nicht weiterhelfen".split(
    "|",
  ),
  // Spanish
  ..."no me corresponde|no nos corresponde|no corresponde a|no es mi |no es nuestr|no es asunto|no es de mi|no es para mí|no es para nosotros|no puedo ayudar|no podemos ayudar|departamento equivocado|lo devuelvo|devuelvo el|fuera de mi|fuera de nuestr".split(
    "|",
  ),
  // French
  ..."pas de mon ressort|pas de notre ressort|ne relève pas|pas mon domaine|pas notre domaine|pas pour moi|pas pour nous|mauvais service|ne peux pas vous aider|ne pouvons pas vous aider|hors de mon|hors de notre|je renvoie|je le renvoie|je vous renvoie|ne nous concerne pas|ne me concerne pas".split(
    "|",
  ),
  // Italian
  ..."non è di mia|non è di nostra|non mi compete|non ci compete|non è compito|non è per me|non è per noi|non rientra|reparto sbagliato|non posso aiutar|non possiamo aiutar|lo rimando|restituisco".split(
    "|",
  ),
  // Portuguese
  ..."não é comigo|não é conosco|não é connosco|não é da minha|não é da nossa|não é minha|não é nosso|não é para mim|não é para nós|não me compete|não nos compete|não cabe a|não posso ajudar|não podemos ajudar|departamento errado|setor errado|fora da minha|fora do meu|devolvo".split(
    "|",
  ),
  // Dutch
  ..."niet mijn|niet onze|niet ons |niet voor mij|niet voor ons|niet bevoegd|verkeerde afdeling|hoort niet bij|kan niet helpen|kan hier niet|kan u niet helpen|geef terug|geef het terug|stuur terug|stuur het terug|valt niet onder".split(
    "|",
  ),
  // Japanese
  ..."担当外|管轄外|担当ではありません|担当ではない|対応できません|対象外|専門外|差し戻|お戻し|戻します".split("|"),
  // Chinese
  ..."不归我|不歸我|不属于我|不屬於我|不是我的|不是我们|不是我們|不由我|无法处理|無法處理|不负责|不負責|转回|轉回|退回".split(
    "|",
  ),
  // Korean
  ..."담당이 아닙|담당이 아니|담당 업무가 아니|담당 업무가 아닙|소관이 아닙|소관이 아니|처리할 수 없|도와드릴 수 없|되돌려|돌려보".split(
    "|",
  ),
];

export function refuses(text: string): boolean {
  if (english.test(text)) return true;
  const said = text.toLowerCase();
  return elsewhere.some((words) => said.includes(words));
}
