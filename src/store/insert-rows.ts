/** Multi-row inserts: fewer calls over the border to SQLite. */
import type { Engine, SqlValue } from "./engines/engine.js";

const rowsPerStatement = 16;

/** `head` is everything up to VALUES; every row has `width` values. */
export function insertRows(engine: Engine, head: string, width: number, rows: SqlValue[][]): void {
  const one = `(${Array(width).fill("?").join(",")})`;
  let at = 0;
  if (rows.length >= rowsPerStatement) {
    const sql = `${head} VALUES ${Array(rowsPerStatement).fill(one).join(",")}`;
    for (; at + rowsPerStatement <= rows.length; at += rowsPerStatement) {
      const params: SqlValue[] = [];
      for (let i = at; i < at + rowsPerStatement; i++) for (const value of rows[i] as SqlValue[]) params.push(value);
      engine.run(sql, params);
    }
  }
  const sql = `${head} VALUES ${one}`;
  for (; at < rows.length; at++) engine.run(sql, rows[at]);
}
