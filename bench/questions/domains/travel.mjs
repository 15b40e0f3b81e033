// A travel agency's chat.
import { cities, day, euros, person } from "./words.mjs";

export const travel = {
  service: "travel-desk",
  agents: ["concierge", "flights", "hotels", "visa"],
  system: `You plan trips for customers of Fernweh Travel. Dates are written as 2026-11-28, prices in EUR with taxes.
Ask for what is missing before you search: from, to, dates, number of travellers. Offer at most three options.
Hold prices only with hold_booking; a hold lasts 24 hours. Book only after the customer has said yes in plain words.
Passport: many countries ask for six months of validity; check visa rules for each traveller's nationality.
Flights with less than 50 minutes to change planes are not offered. Mention luggage when it is not included.
Hotels: only with free cancellation until two days before, unless the customer asks for the cheapest.
Be concrete: times, prices, names. No superlatives. Say when something could not be found.`,
  users: [
    (r) =>
      `Two of us from ${r.pick(cities)} to ${r.pick(cities)}, ${day(r)} to ${day(r)}, not too early. What do you suggest?`,
    (r) =>
      `I need a quiet hotel in ${r.pick(cities)} near the station for three nights, at most ${euros(r, 90, 180)} a night.`,
    (r) => `Do I need a visa for Japan with an Indian passport? Leaving ${day(r)}.`,
    (r) => `Please rebook ${person(r)} to the evening flight on ${day(r)}.`,
  ],
  thinks: [
    "I search flights and hotels for these dates.",
    "Let me compare the three cheapest.",
    "I check the rules for the passport.",
    "I put a hold on it.",
  ],
  answers: [
    (r) =>
      `I found three ways: 07:05 with one change for ${euros(r, 90, 200)} EUR, 12:40 direct for ${euros(r, 140, 300)} EUR, 18:15 direct for ${euros(r, 120, 260)} EUR; luggage is included in the last two. The middle one is on hold until tomorrow noon.`,
    (r) =>
      `Hotel Casa Verde, ten minutes from the station, ${euros(r, 90, 150)} EUR a night with breakfast, free cancellation until two days before. Shall I book?`,
  ],
  tools: [
    {
      name: "search_flights",
      says: "Flights between two cities on a day",
      needs: ["from", "to", "date"],
      ms: 1150,
      sigma: 0.35,
      args: (r) => ({ from: r.pick(cities), to: r.pick(cities), date: day(r) }),
      result: (a, r) =>
        Array.from({ length: 3 }, () => ({
          flight: `${r.pick(["TP", "LH", "SK", "AF"])} ${r.digits(3)}`,
          date: a.date,
          departs: `${r.between(10, 20)}:${r.between(10, 55)}`,
          eur: euros(r, 60, 340),
          stops: r.between(0, 1),
        })),
    },
    {
      name: "search_hotels",
      says: "Hotels in a city",
      needs: ["city", "checkin", "nights"],
      ms: 780,
      args: (r) => ({ city: r.pick(cities), checkin: day(r), nights: r.between(1, 5) }),
      result: (a, r) =>
        Array.from({ length: 3 }, () => ({
          hotel: `${r.pick(["Casa", "Hotel", "Pension"])} ${r.pick(["Verde", "Central", "Ribeira", "Nord"])}`,
          city: a.city,
          stars: r.between(3, 5),
          eur_per_night: euros(r, 70, 210),
        })),
    },
    {
      name: "visa_rules",
      says: "Entry rules by nationality and country",
      needs: ["nationality", "country"],
      ms: 240,
      args: (r) => ({ nationality: r.pick(["IN", "TR", "BR", "NG"]), country: r.pick(["JP", "US", "GB"]) }),
      result: (a, r) => ({
        ...a,
        visa: r.pick(["required", "on arrival", "not required"]),
        max_days: r.between(15, 90),
      }),
    },
    {
      name: "get_weather",
      says: "Weather forecast",
      needs: ["city", "date"],
      ms: 130,
      args: (r) => ({ city: r.pick(cities), date: day(r) }),
      result: (a, r) => ({ city: a.city, date: a.date, high_c: r.between(4, 24), rain: r.chance(0.4) }),
    },
    {
      name: "hold_booking",
      says: "Hold a price for 24 hours",
      needs: ["offer_id"],
      ms: 520,
      args: (r) => ({ offer_id: `of_${r.hex(8)}` }),
      result: (a, r) => ({ offer_id: a.offer_id, hold_id: `H${r.digits(6)}`, until: `${day(r)}T12:00:00Z` }),
    },
    {
      name: "book",
      says: "Book what was held",
      needs: ["hold_id"],
      ms: 900,
      args: (r) => ({ hold_id: `H${r.digits(6)}` }),
      result: (a, r) => ({ booking: `FW-${r.digits(4)}`, hold_id: a.hold_id, state: "confirmed" }),
    },
  ],
};
