/** What the demo's agents can do. Plain functions; one of them has a bad day. */
import type { ToolDefinition } from "./chat-wire.js";

export type AgentTool = { definition: ToolDefinition; run(args: Record<string, string>): Promise<unknown> };

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function define(name: string, description: string, parameters: string[], run: AgentTool["run"]): AgentTool {
  const properties = Object.fromEntries(parameters.map((parameter) => [parameter, { type: "string" }]));
  return {
    definition: {
      type: "function",
      function: { name, description, parameters: { type: "object", properties, required: parameters } },
    },
    run,
  };
}

class TimeoutError extends Error {
  override name = "TimeoutError";
}
class PaymentDeclined extends Error {
  override name = "PaymentDeclined";
}

/** Fresh tools for one run of the demo: the first flight search times out. */
export function createTools(): Record<string, AgentTool> {
  let searches = 0;
  const tools = [
    define(
      "search_flights",
      "Flights between two cities on a day, cheapest first",
      ["from", "to", "date"],
      async ({ from, to, date }) => {
        await pause(++searches === 1 ? 450 : 160);
        if (searches === 1) throw new TimeoutError("flight search did not answer within 450 ms");
        return [
          { flight: "TP 553", from, to, date, departs: "07:05", arrives: "09:20", eur: 148 },
          { flight: "LH 1166", from, to, date, departs: "09:35", arrives: "11:50", eur: 171 },
          { flight: "TP 559", from, to, date, departs: "17:40", arrives: "19:55", eur: 96 },
        ];
      },
    ),
    define("search_hotels", "Hotels in a city, best rated first", ["city", "checkin", "checkout"], async ({ city }) => {
      await pause(120);
      return [
        { name: "Casa do Bairro", city, district: "Bica", stars: 4, eur_per_night: 132, breakfast: true },
        { name: "Pensão Ribeira", city, district: "Alfama", stars: 3, eur_per_night: 88, breakfast: false },
      ];
    }),
    define("get_weather", "Weather forecast for a city", ["city", "date"], async ({ city, date }) => {
      await pause(60);
      return { city, date, high_c: 19, low_c: 12, rain: "light showers on Sunday morning" };
    }),
    define("find_booking", "A booking by its number", ["booking"], async ({ booking }) => {
      await pause(70);
      return {
        booking,
        traveller: "Ben Okafor",
        hotel: "Pensão Ribeira",
        nights: 2,
        paid_eur: 176,
        rate: "flexible until 24 h before arrival",
      };
    }),
    define("refund", "Pays an amount back to the card that paid", ["booking", "amount_eur"], async ({ booking }) => {
      await pause(140);
      throw new PaymentDeclined(`card issuer declined the refund for ${booking}: card closed (code 14)`);
    }),
  ];
  return Object.fromEntries(tools.map((tool) => [tool.definition.function.name, tool]));
}
