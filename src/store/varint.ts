/** Unsigned LEB128 integers up to 2^53, as block headers and message lists use them. */

/** Appends `value` to `out`. */
function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

export function encodeVarints(values: readonly number[]): Uint8Array {
  const out: number[] = [];
  for (const value of values) pushVarint(out, value);
  return Uint8Array.from(out);
}

/** Reads one integer at `offset`: [value, offset behind it]. */
export function readVarint(bytes: Uint8Array, offset: number): [number, number] {
  let value = 0;
  let factor = 1;
  let at = offset;
  for (;;) {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError("A varint ends too early.");
    value += (byte & 127) * factor;
    if (byte < 128) return [value, at];
    factor *= 128;
  }
}

export function decodeVarints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = readVarint(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}
