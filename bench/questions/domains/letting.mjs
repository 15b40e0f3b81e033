// A French letting agency.
import { day, euros, person } from "./words.mjs";

const streets = ["rue des Lilas", "quai Perrache", "avenue Jean-Jaurès", "place du Pont", "rue de la Gare"];

export const letting = {
  service: "agence-location",
  agents: ["accueil", "visites", "dossiers", "travaux"],
  system: `Tu es l'assistant de l'agence Toits & Co, à Lyon. Tu réponds en français et tu vouvoies.
Un dossier complet compte une pièce d'identité, trois fiches de paie, l'avis d'imposition et un justificatif de domicile.
Le loyer ne dépasse pas un tiers des revenus, sauf garant. Les visites durent vingt minutes, du mardi au samedi.
Les travaux de plus de 400 EUR demandent l'accord du propriétaire. Ne donne jamais l'adresse exacte avant la visite.
Dis franchement ce qui manque ou n'a pas pu être fait.`,
  users: [
    (r) =>
      `Bonjour, je cherche un deux-pièces vers ${r.pick(streets)}, ${r.between(600, 1100)} EUR au plus, dès le ${day(r)}.`,
    (r) => `Bonjour, ici ${person(r)}. Mon dossier est-il complet ? La visite était le ${day(r)}.`,
    (r) => `Le chauffe-eau est en panne depuis le ${day(r)}, que faites-vous ?`,
  ],
  notes: ["Je vois", "Trouvé :", "D'après le dossier :", "Donc"],
  detail: "En détail",
  thinks: ["Je regarde les biens.", "Je vérifie le dossier.", "Je cherche une date.", "Un instant."],
  answers: [
    (r) =>
      `Deux biens correspondent, à ${euros(r, 600, 900)} EUR et ${euros(r, 600, 900)} EUR. Visite possible le ${day(r)}.`,
    (r) => `Votre dossier est complet depuis le ${day(r)} ; le propriétaire répond sous trois jours.`,
  ],
  tools: [
    {
      name: "chercher_biens",
      says: "Biens à louer selon des critères",
      needs: ["secteur", "loyer_max"],
      ms: 640,
      args: (r) => ({ secteur: r.pick(streets), loyer_max: r.between(550, 1300), pieces: r.between(1, 4) }),
      result: (a, r) =>
        Array.from({ length: 3 }, () => ({
          bien: `b-${r.digits(5)}`,
          secteur: a.secteur,
          m2: r.between(18, 90),
          loyer: euros(r, 500, 1200),
        })),
    },
    {
      name: "lire_dossier",
      says: "Pièces et état d'un dossier de location",
      needs: ["dossier"],
      ms: 310,
      args: (r) => ({ dossier: `d-${r.digits(5)}` }),
      result: (a, r) => ({
        dossier: a.dossier,
        locataire: person(r),
        pieces: r.between(3, 7),
        etat: "complet",
        le: day(r),
      }),
    },
    {
      name: "planifier_visite",
      says: "Fixe une visite",
      needs: ["bien", "jour"],
      ms: 420,
      args: (r) => ({ bien: `b-${r.digits(5)}`, jour: day(r), heure: `${r.between(9, 18)}h` }),
      result: (a, r) => ({ visite: r.hex(6), ...a }),
    },
    {
      name: "calculer_loyer",
      says: "Loyer, charges et dépôt",
      needs: ["bien"],
      ms: 120,
      args: (r) => ({ bien: `b-${r.digits(5)}` }),
      result: (a, r) => ({ bien: a.bien, loyer: euros(r, 500, 1200), charges: euros(r, 30, 120) }),
    },
    {
      name: "envoyer_courrier",
      says: "Envoie un courrier électronique",
      needs: ["a", "objet"],
      ms: 380,
      args: (r) => ({ a: `${r.hex(5)}@courriel.example`, objet: `Votre demande du ${day(r)}` }),
      result: (_, r) => ({ envoye: true, id: r.hex(8) }),
    },
    {
      name: "demander_devis",
      says: "Devis d'un artisan",
      needs: ["bien", "nature"],
      ms: 850,
      args: (r) => ({ bien: `b-${r.digits(5)}`, nature: r.pick(["plomberie", "peinture", "serrure"]) }),
      result: (a, r) => ({ ...a, devis_eur: euros(r, 60, 900), artisan: person(r), le: day(r) }),
    },
  ],
};
