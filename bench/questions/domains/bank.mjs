// A German bank's assistant.
import { day, euros } from "./words.mjs";

const iban = (r) => `DE${r.digits(2)}${r.digits(9)}${r.digits(9)}`;

export const bank = {
  service: "hausbank-assistent",
  agents: ["empfang", "konten", "kredite", "karten"],
  system: `Du bist der Assistent der Hausbank am Markt und antwortest auf Deutsch, höflich und kurz.
Vor jeder Änderung am Konto wird die Kundin oder der Kunde um ein klares Ja gebeten. Beträge stehen mit zwei Stellen.
Sperren von Karten gelten sofort. Daueraufträge ändern sich frühestens zum nächsten Bankarbeitstag.
Auskünfte über Konten Dritter sind nicht erlaubt. Kreditangebote sind unverbindlich und gelten vierzehn Tage.
Nenne nie eine vollständige Kartennummer. Was nicht gefunden wurde, wird offen gesagt.`,
  users: [
    (r) => `Guten Tag, mir fehlt eine Buchung über ${euros(r)} Euro vom ${day(r)}. Können Sie nachsehen?`,
    (r) => `Ich möchte meinen Dauerauftrag ab ${day(r)} auf ${euros(r, 200, 900)} Euro erhöhen.`,
    (r) => `Was würde mich ein Kredit über ${r.between(5, 40)}.000 Euro im Monat kosten?`,
  ],
  notes: ["Gefunden:", "Ich sehe", "Laut System", "Also"],
  detail: "Im Einzelnen",
  thinks: ["Ich prüfe das Konto.", "Dazu brauche ich die Umsätze.", "Ich rechne das durch.", "Einen Moment bitte."],
  answers: [
    (r) =>
      `Ich habe nachgesehen: Die Buchung vom ${day(r)} über ${euros(r)} Euro ist vorgemerkt und wird morgen verbucht.`,
    (r) => `Alles Nötige liegt vor. Die Rate beträgt ${euros(r, 90, 600)} Euro im Monat; das gilt bis ${day(r)}.`,
  ],
  tools: [
    {
      name: "konto_abfragen",
      says: "Stand und Art eines Kontos",
      needs: ["iban"],
      ms: 210,
      args: (r) => ({ iban: iban(r) }),
      result: (a, r) => ({ iban: a.iban, art: r.pick(["Giro", "Tagesgeld"]), saldo_eur: euros(r), stand: day(r) }),
    },
    {
      name: "umsaetze_suchen",
      says: "Buchungen eines Kontos in einem Zeitraum",
      needs: ["iban", "von", "bis"],
      ms: 460,
      args: (r) => ({ iban: iban(r), von: day(r), bis: day(r) }),
      result: (_, r) =>
        Array.from({ length: r.between(2, 5) }, () => ({
          datum: day(r),
          betrag_eur: euros(r),
          zweck: r.pick(["Miete", "Strom", "Lastschrift Fitness", "Gehalt", "Kartenzahlung"]),
          id: r.hex(8),
        })),
    },
    {
      name: "karte_sperren",
      says: "Sperrt eine Karte sofort",
      needs: ["karte"],
      ms: 380,
      args: (r) => ({ karte: `k-${r.digits(6)}` }),
      result: (a, r) => ({ karte: a.karte, gesperrt: true, vorgang: r.hex(6) }),
    },
    {
      name: "dauerauftrag_aendern",
      says: "Ändert einen Dauerauftrag",
      needs: ["auftrag", "betrag_eur"],
      ms: 540,
      args: (r) => ({ auftrag: `da-${r.digits(5)}`, betrag_eur: euros(r) }),
      result: (a, r) => ({ ...a, gilt_ab: day(r) }),
    },
    {
      name: "kredit_rechnen",
      says: "Rate und Zins zu Summe und Laufzeit",
      needs: ["summe_eur", "monate"],
      ms: 150,
      args: (r) => ({ summe_eur: r.between(3, 60) * 1000, monate: r.between(12, 84) }),
      result: (a, r) => ({ ...a, rate_eur: euros(r, 60, 900), zins: `${r.between(3, 8)},${r.between(1, 9)} %` }),
    },
    {
      name: "brief_senden",
      says: "Schickt einen Brief oder eine Nachricht ins Postfach",
      needs: ["betreff"],
      ms: 620,
      args: (r) => ({ betreff: `Ihr Anliegen vom ${day(r)}`, an: `kd-${r.digits(6)}` }),
      result: (_, r) => ({ gesendet: true, sendung: r.hex(8) }),
    },
  ],
};
