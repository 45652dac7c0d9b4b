import { StatusError } from './status-error.ts';

/** How a body is sent: JSON or YAML, and the object itself, a Table of it, or its metadata alone. */
export interface OutputForm {
  readonly encoding: 'json' | 'yaml';
  readonly transform: 'none' | 'table' | 'partial';
  /** `application/json`, with its parameters for a transform. */
  readonly contentType: string;
  /** The group and version of the Table or PartialObjectMetadata asked for. */
  readonly transformVersion: string;
}

interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

const plainJson: OutputForm = {
  encoding: 'json',
  transform: 'none',
  contentType: 'application/json',
  transformVersion: '',
};
const plainYaml: OutputForm = { ...plainJson, encoding: 'yaml', contentType: 'application/yaml' };
const cached = new Map<string, OutputForm | null>();
const cacheLimit = 256;

/** The ranges of an Accept header, best first; equal ones keep their order. */
export function parseAccept(header: string): MediaRange[] {
  const ranges = header.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
    const parameters: Record<string, string> = {};
    for (const pair of rest) {
      const [name = '', value = ''] = pair.split('=', 2);
      Object.defineProperty(parameters, name.trim().toLowerCase(), {
        value: value.trim().replace(/^"|"$/g, ''),
        enumerable: true,
        configurable: true,
      });
    }
    const quality = parameters['q'] === undefined ? 1 : Number(parameters['q']);
    return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 };
  });
  return ranges
    .filter((range) => range.type !== '' && range.quality > 0)
    .map((range, order) => ({ range, order }))
    .sort((one, other) => other.range.quality - one.range.quality || one.order - other.order)
    .map(({ range }) => range);
}

function formOf(range: MediaRange, allowTransforms: boolean): OutputForm | undefined {
  const { type, parameters } = range;
  const json = ['application/json', 'application/*', '*/*'].includes(type);
  if (!json && type !== 'application/yaml') return undefined;
  const form = json ? plainJson : plainYaml;
  const as = parameters['as'];
  if (as === undefined) return form;
  const group = parameters['g'] ?? '';
  const version = parameters['v'] ?? '';
  if (!allowTransforms || group !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) return undefined;
  const transform = as === 'Table' ? 'table' : as.startsWith('PartialObjectMetadata') ? 'partial' : undefined;
  if (transform === undefined) return undefined;
  return {
    ...form,
    transform,
    contentType: `${form.contentType};as=${as};v=${version};g=${group}`,
    transformVersion: `${group}/${version}`,
  };
}

/**
 * The form that `accept` prefers among those there are. Protobuf is skipped: its clients name JSON after it.
 * @throws StatusError 406 when nothing acceptable is left
 */
export function negotiateOutput(accept: string | undefined, allowTransforms = true): OutputForm {
  if (accept === undefined || accept === '') return plainJson;
  const key = `${allowTransforms ? 't' : 'p'}${accept}`;
  let form = cached.get(key);
  if (form === undefined) {
    form = null;
    for (const range of parseAccept(accept)) {
      form = formOf(range, allowTransforms) ?? null;
      if (form !== null) break;
    }
    if (cached.size >= cacheLimit) cached.clear();
    cached.set(key, form);
  }
  if (form === null) throw notAcceptable(['application/json', 'application/yaml']);
  return form;
}

export function notAcceptable(types: readonly string[]): StatusError {
  return new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`, {});
}

/** The type of a request's body without parameters; JSON when the client did not say. */
export function bodyMediaType(contentType: string | undefined): string {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return type === '' ? 'application/json' : type;
}

/** @throws StatusError 415 unless `type` is among `accepted` */
export function requireBodyType(type: string, accepted: readonly string[]): void {
  if (accepted.includes(type)) return;
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    {},
  );
}

/** The types that objects are read from. */
export const objectTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;

/** True when an Accept-Encoding header allows gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false;
  return parseAccept(header).some((range) => range.type === 'gzip' || range.type === '*');
}
