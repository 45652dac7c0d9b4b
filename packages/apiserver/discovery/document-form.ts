import { createHash } from 'node:crypto';
import type { HttpResponse } from '@keelson/base';
import { encodeValue } from '../request/encode-value.ts';
import {
  notAcceptable,
  type OutputForm,
  objectTypes,
  parseAccept,
  plainJson,
  protobufType,
} from '../request/media-type.ts';
import { StatusError } from '../request/status-error.ts';

type Headers = Readonly<Record<string, string>>;

const jsonTypes = ['application/json', 'application/*', '*/*'];

/**
 * Answers for a discovery document in the form that its client prefers. `inJson` answers for it in JSON: as a whole, or
 * in the aggregated form that the Accept header it is given names; undefined when there is no such document.
 * @throws StatusError 406
 */
export async function discoveryDocument(
  headers: Headers,
  inJson: (headers: Headers) => Promise<HttpResponse | undefined>,
): Promise<HttpResponse | undefined> {
  for (const { type, parameters } of parseAccept(headers['accept'] || 'application/json')) {
    const json = jsonTypes.includes(type);
    if (!json && type !== 'application/yaml' && type !== protobufType) continue;
    const { as, g, v } = parameters;
    const transform = as === undefined ? '' : `;g=${g};v=${v};as=${as}`;
    const { 'if-none-match': known, ...rest } = headers;
    const asked = { ...rest, ...(json && known !== undefined ? { 'if-none-match': known } : {}) };
    try {
      const document = await inJson({ ...asked, accept: `application/json${transform}` });
      return json || document?.status !== 200 ? document : converted(document, type, transform, known);
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 406)) throw error;
    }
  }
  throw notAcceptable(objectTypes);
}

function converted(document: HttpResponse, type: string, transform: string, known: string | undefined): HttpResponse {
  const value = JSON.parse(Buffer.from(document.body as Uint8Array).toString('utf8'));
  const form: OutputForm = { ...plainJson, encoding: type === protobufType ? 'protobuf' : 'yaml', contentType: type };
  const [group, version] = (value.apiVersion ?? 'v1').split('/');
  // The kinds of plain discovery are meta/v1, whatever the document calls itself.
  const home = version === undefined ? 'meta/v1' : `${group.split('.')[0]}/${version}`;
  const body = encodeValue(form, `${home}.${value.kind}`, value);
  const etag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`;
  const headers = { ...document.headers, etag };
  if (known === etag) return { status: 304, headers, body: new Uint8Array(0) };
  return { status: 200, headers: { ...headers, 'content-type': `${type}${transform}` }, body };
}
