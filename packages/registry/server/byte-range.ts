import { RegistryError } from '../errors/registry-error.ts';

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that a Range header asks of `size` bytes (RFC 9110, section 14). Undefined where the whole is to be
 * sent: no header, another unit, several ranges, or bad syntax. @throws RegistryError RANGE_INVALID (416)
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '');
  if (!match) return undefined;
  const [, first, last] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= size || end < start) {
    throw new RegistryError('RANGE_INVALID', { headers: { 'content-range': `bytes */${size}` }, detail: { size } });
  }
  return { start, end };
}

/** The Content-Range of a chunked upload's piece, `0-1023`. @throws RegistryError RANGE_INVALID */
export function parseContentRange(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^(?:bytes[ =])?(\d{1,16})-(\d{1,16})(?:\/(?:\d+|\*))?$/.exec(header.trim());
  if (!match || Number(match[2]) < Number(match[1])) throw new RegistryError('RANGE_INVALID');
  return { start: Number(match[1]), end: Number(match[2]) };
}
