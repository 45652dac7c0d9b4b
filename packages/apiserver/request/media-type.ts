import { StatusError } from './status-error.ts';

/** How a body is sent: its encoding, and the object itself, a Table of it, or its metadata alone. */
export interface OutputForm {
  readonly encoding: 'json' | 'yaml' | 'protobuf';
  readonly transform: 'none' | 'table' | 'partial' | 'partialList';
  readonly contentType: string;
  /** The group and version of the Table or PartialObjectMetadata asked for. */
  readonly transformVersion: string;
  /** JSON for people: indented. */
  readonly pretty: boolean;
}

/** What an endpoint can send beside its objects as JSON and YAML. */
export interface OutputRestrictions {
  /** Tables and PartialObjectMetadata. */
  readonly transforms: boolean;
  /** The objects have a form in protobuf; custom resources have none. */
  readonly protobuf: boolean;
}

/** What objects of the built-in kinds are sent as. */
export const everyForm: OutputRestrictions = { transforms: true, protobuf: true };
/** The same for what is answered and not stored, and for Status: only as itself. */
const plainForms: OutputRestrictions = { transforms: false, protobuf: true };

interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

export const protobufType = 'application/vnd.kubernetes.protobuf';
/** The types that objects are read from and sent as, in the order of preference. */
export const objectTypes = ['application/json', 'application/yaml', protobufType] as const;
/** The types that a watch is sent as. */
const watchTypes = ['application/json;stream=watch', `${protobufType};stream=watch`];

const encodings: Readonly<Record<string, OutputForm['encoding']>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  [protobufType]: 'protobuf',
};
const typeOf: Readonly<Record<OutputForm['encoding'], string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: protobufType,
};
const transformOf: Readonly<Record<string, OutputForm['transform']>> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partialList',
};

/** The form of a client that did not ask for another. */
export const plainJson: OutputForm = {
  encoding: 'json',
  transform: 'none',
  contentType: 'application/json',
  transformVersion: '',
  pretty: false,
};
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

function formOf({ type, parameters }: MediaRange, allowed: OutputRestrictions): OutputForm | undefined {
  const encoding = Object.hasOwn(encodings, type) ? encodings[type] : undefined;
  if (encoding === undefined) return undefined;
  const { as, g: group = '', v: version = '', stream = '', pretty } = parameters;
  if (stream !== '' && (stream !== 'watch' || encoding === 'yaml')) return undefined;
  const form = { encoding, contentType: typeOf[encoding], pretty: encoding === 'json' && pretty === '1' };
  if (as === undefined && group === '' && version === '')
    return encoding === 'protobuf' && !allowed.protobuf
      ? undefined
      : { ...form, transform: 'none', transformVersion: '' };
  if (!allowed.transforms || group !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) return undefined;
  const transform = as !== undefined && Object.hasOwn(transformOf, as) ? transformOf[as] : undefined;
  // A Table has no form in protobuf.
  if (transform === undefined || (transform === 'table' && encoding === 'protobuf')) return undefined;
  return { ...form, transform, transformVersion: `${group}/${version}` };
}

/**
 * The form that `accept` prefers among those there are.
 * @throws StatusError 406 when nothing acceptable is left
 */
export function negotiateOutput(accept: string | undefined, allowed: OutputRestrictions = everyForm): OutputForm {
  if (accept === undefined || accept === '') return plainJson;
  const key = `${allowed.transforms ? 't' : '-'}${allowed.protobuf ? 'p' : '-'}${accept}`;
  let form = cached.get(key);
  if (form === undefined) {
    form = null;
    for (const range of parseAccept(accept)) {
      form = formOf(range, allowed) ?? null;
      if (form !== null) break;
    }
    if (cached.size >= cacheLimit) cached.clear();
    cached.set(key, form);
  }
  if (form === null) throw notAcceptable(objectTypes);
  return form;
}

/** The form of what is answered and not stored: it is never transformed. @throws StatusError 406 */
export function negotiatePlain(headers: Readonly<Record<string, string>>, query: URLSearchParams): OutputForm {
  return forReader(negotiateOutput(headers['accept'], plainForms), query, headers['user-agent']);
}

/** The form with what else of a request asks for indented JSON: the query, or a program that shows it to a person. */
export function forReader(form: OutputForm, query: URLSearchParams, userAgent: string | undefined): OutputForm {
  if (form.encoding !== 'json' || form.pretty) return form;
  const wish = query.get('pretty');
  const wanted = wish ? ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(wish) : showsPeople(userAgent);
  return wanted ? { ...form, pretty: true } : form;
}

function showsPeople(userAgent = ''): boolean {
  return userAgent.startsWith('curl') || userAgent.startsWith('Wget') || userAgent.startsWith('Mozilla/5.0');
}

/** The type that a watch in this form is sent as. @throws StatusError 406 */
export function watchType({ encoding, contentType }: OutputForm): string {
  if (encoding === 'yaml') throw notAcceptable(watchTypes);
  return encoding === 'json' ? contentType : `${contentType};stream=watch`;
}

export function notAcceptable(types: readonly string[]): StatusError {
  return new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);
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
  );
}

/** True when an Accept-Encoding header allows gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false;
  return parseAccept(header).some((range) => range.type === 'gzip' || range.type === '*');
}
