/** The demo's two sessions: what the customers say, and what the scripted model answers. */
import type { ScriptedReply } from "./model-server.js";

export type Conversation = { session: string; says: string[]; replies: ScriptedReply[] };

const call = (after: number, ...calls: { name: string; arguments: unknown }[]): ScriptedReply => ({ after, calls });
const handOff = (after: number, to: string): ScriptedReply => call(after, { name: `transfer_to_${to}`, arguments: {} });
const flights = { name: "search_flights", arguments: { from: "Frankfurt", to: "Lisbon", date: "2026-11-28" } };

export const conversations: Conversation[] = [
  {
    session: "lisbon-weekend-ada",
    says: [
      "Two of us want a weekend in Lisbon from Frankfurt, 28 to 30 November. What would it cost, and will it rain?",
      "Lovely. Is there a cheaper flight later in the day?",
    ],
    replies: [
      handOff(180, "researcher"),
      call(
        340,
        flights,
        { name: "search_hotels", arguments: { city: "Lisbon", checkin: "2026-11-28", checkout: "2026-11-30" } },
        { name: "get_weather", arguments: { city: "Lisbon", date: "2026-11-28" } },
      ),
      call(260, flights),
      handOff(220, "writer"),
      {
        after: 380,
        content: `Here is your weekend in Lisbon, 28 to 30 November, for two:

- Flight TP 553, Frankfurt 07:05 to Lisbon 09:20: 148 € each.
- Hotel Casa do Bairro in Bica, four stars, breakfast included: 132 € a night, 264 € for two nights.
- Together: 560 €, plus the flight home.

Expect up to 19 °C, and light showers on Sunday morning: a good hour for the Gulbenkian museum. Shall I hold both until tonight?`,
      },
      {
        after: 40,
        status: 429,
        type: "rate_limit_exceeded",
        message: "Rate limit reached for requests per minute. Try again in 400 ms.",
      },
      handOff(170, "writer"),
      {
        after: 300,
        content: `Yes: TP 559 leaves Frankfurt at 17:40, lands in Lisbon at 19:55 and costs 96 € each. That saves you 104 € for two, and brings the weekend to 456 €, plus the flight home.`,
      },
    ],
  },
  {
    session: "refund-ben",
    says: ["I cancelled FW-4711 two days before arrival. Where is my money?"],
    replies: [
      handOff(160, "researcher"),
      call(240, { name: "find_booking", arguments: { booking: "FW-4711" } }),
      call(280, { name: "refund", arguments: { booking: "FW-4711", amount_eur: "176" } }),
    ],
  },
];
