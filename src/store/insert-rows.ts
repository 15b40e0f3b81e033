/** Multi-row inserts: fewer calls over the border to SQLite, and fewer values in them. */
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

/** For wide rows with many nulls: only what is there is bound. `into` is everything up to the columns. */
export function insertSparseRows(engine: Engine, into: string, columns: readonly string[], rows: SqlValue[][]): void {
  const byForm = new Map<string, SqlValue[][]>();
  for (const row of rows) {
    let form = "";
    const values: SqlValue[] = [];
    for (const [index, value] of row.entries()) {
      if (value === null) continue;
      form += String.fromCharCode(48 + index);
      values.push(value);
    }
    const same = byForm.get(form);
    if (same) same.push(values);
    else byForm.set(form, [values]);
  }
  for (const [form, values] of byForm) {
    const names = [...form].map((code) => columns[code.charCodeAt(0) - 48]);
    insertRows(engine, `${into} (${names.join(", ")})`, names.length, values);
  }
}
