import { Buffer } from 'node:buffer';
import type { Meter } from '../evaluate/meter.ts';

/** Characters (code points) of a string: what size() and the cost model mean by its length. */
export function codePointCount(text: string, meter: Meter): number {
  const { length } = text;
  if (length > 64) {
    meter.work(length >> 2);
    if (Buffer.byteLength(text) === length) return length;
    meter.work(6 * length);
  }
  let count = length;
  for (let at = 0; at < length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff && at + 1 < length) {
      const second = text.charCodeAt(at + 1);
      if (second >= 0xdc00 && second <= 0xdfff) {
        count -= 1;
        at += 1;
      }
    }
  }
  return count;
}

/** The code points of a string, as a list that can be cut. */
export function codePoints(text: string, meter: Meter): string[] {
  meter.work(20 * text.length);
  return [...text];
}
