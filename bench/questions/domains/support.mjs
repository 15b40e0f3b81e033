// A shop's help desk.
import { cities, day, euros, person, wares } from "./words.mjs";

const order = (random) => `A-${random.digits(5)}`;

export const support = {
  service: "helpdesk",
  agents: ["triage", "billing", "shipping", "returns"],
  system: `You are the help desk of Nordlicht, a shop for outdoor goods and small household appliances.
Be friendly and brief. Never invent an order, a price or a date: look them up with the tools. Prices include taxes.
Refunds: full within 30 days of delivery if the goods are unused, half the price if they were opened; none for vouchers.
A refund above 200 EUR needs the reason in writing. Damaged goods are always refunded in full, also the postage.
Deliveries: two to four working days within the EU, five to nine elsewhere. A parcel counts as lost after 12 days.
Addresses can be changed until the parcel has left the warehouse. Say so when it has.
Never ask for card numbers or passwords. If a customer threatens with a lawyer, hand over to a person.
Sign with "Your Nordlicht team". Answer in the customer's language. Use the customer's first name once.`,
  users: [
    (r) => `Hi, my order ${order(r)} should have come on ${day(r)} and nothing arrived. Where is it?`,
    (r) =>
      `I sent back the ${r.pick(wares)} from order ${order(r)} two weeks ago. When do I get my ${euros(r)} EUR back?`,
    (r) => `You charged me twice for ${order(r)}: ${euros(r)} EUR each time. Please fix that.`,
    (r) => `Can I still change the address of ${order(r)}? I moved to ${r.pick(cities)}.`,
    (r) => `The ${r.pick(wares)} in ${order(r)} is broken, the box was already open. I want a new one.`,
  ],
  thinks: [
    "Let me look that up.",
    "I need the order first, then the payments that belong to it.",
    "The customer wants a date, so I check the parcel's last scan.",
    "One moment, I am checking our records.",
  ],
  answers: [
    (r) =>
      `Hello, your parcel was handed to the carrier on ${day(r)} and should reach you on ${day(r)}. You can follow it with the link in our mail. Your Nordlicht team`,
    (r) =>
      `We have refunded ${euros(r)} EUR to the card that paid; banks take three to five working days. Your Nordlicht team`,
    (r) =>
      `The second charge of ${euros(r)} EUR was only reserved and has been released on ${day(r)}. Nothing more to do on your side. Your Nordlicht team`,
  ],
  tools: [
    {
      name: "lookup_order",
      says: "An order by its number: items, status, delivery, payments",
      needs: ["order_id"],
      ms: 140,
      args: (r) => ({ order_id: order(r) }),
      result: (a, r) => ({
        order_id: a.order_id,
        customer: person(r),
        status: r.pick(["delivered", "shipped", "packed"]),
        items: [{ sku: `NL-${r.digits(4)}`, name: r.pick(wares), qty: r.between(1, 3), eur: euros(r) }],
        ordered: day(r),
        warehouse: r.pick(cities),
      }),
    },
    {
      name: "track_parcel",
      says: "The scans of a parcel",
      needs: ["tracking_no"],
      ms: 310,
      args: (r) => ({ tracking_no: `NX${r.digits(9)}` }),
      result: (a, r) => ({
        tracking_no: a.tracking_no,
        last: { at: `${day(r)}T0${r.between(6, 9)}:12:00Z`, place: r.pick(cities), event: "out for delivery" },
        scans: r.between(3, 8),
      }),
    },
    {
      name: "search_kb",
      says: "Search the help centre's articles",
      needs: ["query"],
      ms: 210,
      args: (r) => ({
        query: r.pick(["refund opened goods", "lost parcel outside EU", "change address shipped", "double charge"]),
      }),
      result: (_, r) =>
        Array.from({ length: 3 }, () => ({
          id: `kb-${r.digits(3)}`,
          title: r.pick([
            "Refunds step by step",
            "When a parcel is lost",
            "Why am I charged twice?",
            "Changing an address",
          ]),
          excerpt: r.pick([
            "Reservations are released by the bank after at most seven days.",
            "Ask the carrier for an investigation from day 12 on.",
            "Opened goods are taken back at half the price within 30 days.",
          ]),
        })),
    },
    {
      name: "list_payments",
      says: "Payments and refunds of an order",
      needs: ["order_id"],
      ms: 190,
      args: (r) => ({ order_id: order(r) }),
      result: (a, r) => ({
        order_id: a.order_id,
        payments: [{ id: `pay_${r.hex(10)}`, eur: euros(r), state: "captured", on: day(r) }],
      }),
    },
    {
      name: "issue_refund",
      says: "Pay an amount back to the card that paid",
      needs: ["order_id", "amount_eur", "reason"],
      ms: 420,
      args: (r) => ({
        order_id: order(r),
        amount_eur: euros(r),
        reason: r.pick(["damaged", "returned unused", "charged twice"]),
      }),
      result: (a, r) => ({
        refund_id: `re_${r.hex(12)}`,
        order_id: a.order_id,
        amount_eur: a.amount_eur,
        state: "accepted",
      }),
    },
    {
      name: "update_address",
      says: "Change where an order is delivered to",
      needs: ["order_id", "address"],
      ms: 230,
      args: (r) => ({ order_id: order(r), address: `Harbour Street ${r.between(1, 90)}, ${r.pick(cities)}` }),
      result: (a) => ({ order_id: a.order_id, updated: true }),
    },
    {
      name: "send_email",
      says: "Send the customer a mail",
      needs: ["to", "subject", "body"],
      ms: 350,
      args: (r) => ({
        to: `${person(r).toLowerCase().replace(" ", ".")}@mail.example`,
        subject: "Your order",
        body: "Dear customer, your refund is on its way.",
      }),
      result: (_, r) => ({ message_id: `<${r.hex(10)}@nordlicht.example>`, queued: true }),
    },
  ],
};
