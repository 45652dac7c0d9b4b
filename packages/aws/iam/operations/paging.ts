import { validationError } from './errors.ts';

export interface PageInput {
  readonly Marker?: string;
  readonly MaxItems?: number;
}

const defaultPage = 100;

/** One page of `items`, which are sorted by `keyOf` here; the marker says after which key the next one begins. */
export function page<T>(items: readonly T[], input: PageInput, keyOf: (item: T) => string) {
  const sorted = items
    .map((item) => ({ key: keyOf(item), item }))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  const after = input.Marker === undefined ? undefined : readMarker(input.Marker);
  const start = after === undefined ? 0 : sorted.findIndex(({ key }) => key > after);
  const rest = start < 0 ? [] : sorted.slice(start);
  const taken = rest.slice(0, input.MaxItems ?? defaultPage);
  const IsTruncated = rest.length > taken.length;
  return {
    items: taken.map(({ item }) => item),
    position: { IsTruncated, ...(IsTruncated ? { Marker: writeMarker(taken.at(-1)!.key) } : {}) },
  };
}

const markerPrefix = 'after:';

function writeMarker(key: string): string {
  return Buffer.from(markerPrefix + key).toString('base64');
}

function readMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64').toString('utf8');
  if (!text.startsWith(markerPrefix)) throw validationError('Invalid Marker.');
  return text.slice(markerPrefix.length);
}
