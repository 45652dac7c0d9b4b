/**
 * Compares two keys by their UTF-8 bytes, which is the order of their code points. Returns less than 0, 0 or more than
 * 0. JavaScript's own `<` compares UTF-16 units and puts U+FFFF after U+10000.
 */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const one = left.charCodeAt(index);
    const other = right.charCodeAt(index);
    if (one !== other) return rank(one) - rank(other);
  }
  return left.length - right.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Whether `key` lies in [start, end). */
export function inRange(key: string, start: string, end: string): boolean {
  return compareKeys(key, start) >= 0 && compareKeys(key, end) < 0;
}
