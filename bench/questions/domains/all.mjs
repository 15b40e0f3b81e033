// What the made agents work on.
import { analytics } from "./analytics.mjs";
import { bank } from "./bank.mjs";
import { clinic } from "./clinic.mjs";
import { coding } from "./coding.mjs";
import { freight } from "./freight.mjs";
import { letting } from "./letting.mjs";
import { operations } from "./operations.mjs";
import { research } from "./research.mjs";
import { security } from "./security.mjs";
import { support } from "./support.mjs";
import { travel } from "./travel.mjs";

export const domains = {
  analytics,
  coding,
  operations,
  research,
  support,
  travel,
  bank,
  clinic,
  freight,
  letting,
  security,
};
