// A Japanese forwarder's desk.
import { day } from "./words.mjs";

const ports = ["横浜", "神戸", "名古屋", "博多", "釜山", "ロッテルダム"];

export const freight = {
  service: "yusou-desk",
  agents: ["uketsuke", "haisha", "tsukan", "seikyu"],
  system: `あなたは東西運輸の受付担当です。日本語で丁寧に、簡潔に答えてください。
見積もりは税抜きの円で示し、有効期限は七日間です。集荷の予約は前日の十五時までに行います。
通関に必要な書類はインボイス、パッキングリスト、船荷証券です。HSコードが分からないときは必ず確認してください。
危険品は担当者に引き継いでください。できなかったことは、できなかったとはっきり伝えてください。
お客様の個人情報を第三者に教えてはいけません。`,
  users: [
    (r) => `${r.pick(ports)}から${r.pick(ports)}まで、${day(r)}にパレット${r.between(2, 14)}枚を送りたいのですが。`,
    (r) => `貨物 SH-${r.digits(6)} は今どこにありますか。${day(r)} 着の予定でした。`,
    (r) => `${day(r)} の請求書の金額が見積もりと違うようです。確認をお願いします。`,
  ],
  notes: ["確認しました:", "結果:", "記録では", "なるほど、"],
  detail: "詳細",
  thinks: ["状況を確認します。", "運賃を調べます。", "書類を確認します。", ""],
  answers: [
    (r) => `確認いたしました。貨物は${r.pick(ports)}に到着済みで、${day(r)} に配達予定です。`,
    (r) => `お見積もりは ${r.between(40, 380)},000 円です。${day(r)} まで有効です。ご予約なさいますか。`,
  ],
  tools: [
    {
      name: "get_shipment",
      says: "貨物の現在の状況",
      needs: ["shipment"],
      ms: 280,
      args: (r) => ({ shipment: `SH-${r.digits(6)}` }),
      result: (a, r) => ({
        shipment: a.shipment,
        場所: r.pick(ports),
        状態: r.pick(["輸送中", "到着", "通関済"]),
        eta: day(r),
      }),
    },
    {
      name: "quote_rate",
      says: "区間の運賃",
      needs: ["from", "to", "pallets"],
      ms: 740,
      args: (r) => ({ from: r.pick(ports), to: r.pick(ports), pallets: r.between(1, 24), date: day(r) }),
      result: (a, r) => ({ ...a, 円: r.between(40, 380) * 1000, 船社: r.pick(["東海", "南洋", "北星"]) }),
    },
    {
      name: "customs_check",
      says: "通関書類の確認",
      needs: ["shipment", "hs_code"],
      ms: 960,
      args: (r) => ({ shipment: `SH-${r.digits(6)}`, hs_code: `${r.digits(4)}.${r.digits(2)}` }),
      result: (a, r) => ({ ...a, 書類: "揃っています", 関税率: `${r.between(0, 9)}%` }),
    },
    {
      name: "find_carrier",
      says: "空きのある運送会社",
      needs: ["port", "date"],
      ms: 510,
      args: (r) => ({ port: r.pick(ports), date: day(r), tons: r.between(1, 20) }),
      result: (a, r) => [{ 会社: r.pick(["山田運送", "青空物流"]), 台数: r.between(1, 6), date: a.date, id: r.hex(6) }],
    },
    {
      name: "book_truck",
      says: "集荷を予約する",
      needs: ["carrier", "date"],
      ms: 590,
      args: (r) => ({ carrier: r.hex(6), date: day(r) }),
      result: (a, r) => ({ 予約番号: `TR-${r.digits(6)}`, date: a.date, 状態: "確定" }),
    },
    {
      name: "notify_consignee",
      says: "荷受人に連絡する",
      needs: ["shipment"],
      ms: 240,
      args: (r) => ({ shipment: `SH-${r.digits(6)}`, 件名: `到着予定 ${day(r)}` }),
      result: (_, r) => ({ 送信: "完了", id: r.hex(8) }),
    },
  ],
};
