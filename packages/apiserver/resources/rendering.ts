import { type Clock, type HttpResponse, Turn } from '@keelson/base';
import {
  type ApiObject,
  encodeMessage,
  hasProtobuf,
  type IncludeObject,
  protobufEnvelope,
  protobufList,
  protobufWatchFrame,
  type Resource,
  type Status,
  spliceRevision,
  tableOf,
} from '@keelson/model';
import { apiVersionOf } from '../request/decode-body.ts';
import { encodeValue } from '../request/encode-value.ts';
import { everyForm, forReader, negotiateOutput, type OutputForm } from '../request/media-type.ts';
import type { RequestContext } from '../request/request-context.ts';
import { bytesResponse, valueResponse } from '../request/respond.ts';
import { badRequest, StatusError } from '../request/status-error.ts';
import { ByteChunks } from '../storage/byte-chunks.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import type { ProtobufForms } from '../storage/protobuf-forms.ts';
import type { FrameEncoder, WatchItem } from '../storage/watch-item.ts';
import { decodeAs, isStoredForm } from './object-form.ts';

/** What a list says of itself. */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** How the answers to one request are written: the form its Accept header asked for, of the version its path names. */
export class Rendering {
  readonly resource: Resource;
  readonly form: OutputForm;
  readonly #include: IncludeObject;
  readonly #clock: Clock;
  readonly #forms: ProtobufForms;

  /** @throws StatusError 400, 406 */
  constructor({ request, info }: RequestContext, resource: Resource, clock: Clock, forms: ProtobufForms) {
    const { accept, 'user-agent': userAgent } = request.headers;
    const allowed = hasProtobuf(resource.type) ? everyForm : { ...everyForm, protobuf: false };
    this.resource = resource;
    this.form = forReader(negotiateOutput(accept, allowed), info.query, userAgent);
    this.#include = includeObject(info.query);
    this.#clock = clock;
    this.#forms = forms;
  }

  /** Stored bytes can be sent as they are, but for the revision. */
  get plain(): boolean {
    const { encoding, transform, pretty } = this.form;
    return encoding === 'json' && transform === 'none' && !pretty && isStoredForm(this.resource);
  }

  get #listKind(): string {
    const { kind, listKind = `${kind}List` } = this.resource;
    return listKind;
  }

  get #protobuf(): boolean {
    return this.form.encoding === 'protobuf' && this.form.transform === 'none';
  }

  /** One object with a code. @throws StatusError 406 */
  object(status: number, cached: CachedObject): HttpResponse {
    let body: Uint8Array;
    if (this.plain) body = spliceRevision(cached.bytes, String(cached.revision));
    else if (this.#protobuf) body = protobufEnvelope(this.#typeMeta(), this.#message(cached));
    else return this.value(status, decodeAs(this.resource, cached));
    return bytesResponse(status, this.form.contentType, body);
  }

  /** One object that is not (yet) stored. @throws StatusError 406 */
  value(status: number, object: ApiObject): HttpResponse {
    if (this.form.transform === 'partialList') throw this.#notAcceptable('PartialObjectMetadataList', 'not a list', '');
    return valueResponse(status, this.form, this.resource.type, this.transformed(object));
  }

  /** A Status: it is never transformed. */
  status(code: number, status: Status): HttpResponse {
    return valueResponse(code, this.form, 'meta/v1.Status', status);
  }

  /** @throws StatusError 406 */
  async list(objects: readonly CachedObject[], meta: ListMeta): Promise<HttpResponse> {
    if (this.form.transform === 'partial') throw this.#notAcceptable('PartialObjectMetadata', 'a list', 'List');
    if (this.plain) return bytesResponse(200, this.form.contentType, this.#plainList(objects, meta));
    if (!this.#protobuf) return this.#listOfValues(objects, meta);
    const messages = await this.#eachInTurn(objects, (cached) => this.#message(cached));
    const typeMeta = { apiVersion: apiVersionOf(this.resource), kind: this.#listKind };
    return bytesResponse(200, this.form.contentType, protobufList(typeMeta, meta, messages));
  }

  /** The object as the client wants to see it: itself, a Table of it, its metadata. */
  transformed(object: ApiObject, noHeaders = false): ApiObject {
    const { transform, transformVersion: apiVersion } = this.form;
    if (transform === 'partial') return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata ?? {} };
    if (transform !== 'table') return object;
    const metadata = { resourceVersion: object.metadata?.resourceVersion };
    return this.#table([object], metadata, noHeaders);
  }

  /** Frames of a watch in this form. Only those that depend on nothing but the event are shared under one id. */
  frames(): FrameEncoder {
    const { encoding, transform, transformVersion } = this.form;
    if (encoding === 'json' && transform === 'none' && isStoredForm(this.resource)) return plainFrames;
    let headersSent = false;
    return {
      // The first frame of a table has the column headers: such frames belong to one watch.
      id: transform === 'table' ? undefined : `${encoding} ${transform} ${transformVersion} ${this.resource.type}`,
      frame: (item) => {
        if (this.#protobuf && item.revision === item.object.revision)
          return protobufWatchFrame(item.type, protobufEnvelope(this.#typeMeta(), this.#message(item.object)));
        const object = decodeAs(this.resource, item.object);
        if (object.metadata) object.metadata.resourceVersion = String(item.revision);
        const shown = this.transformed(object, headersSent);
        headersSent = true;
        return this.#frame(item.type, shown);
      },
    };
  }

  /** A BOOKMARK event: nothing but how far the watch is. */
  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array {
    const metadata = {
      resourceVersion: String(revision),
      ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const { transform } = this.form;
    if (transform === 'table') return this.#frame('BOOKMARK', this.#table([], metadata, true));
    return this.#frame('BOOKMARK', this.transformed({ ...this.#typeMeta(), metadata } as ApiObject));
  }

  /** The event that tells why a watch ends. */
  errorFrame({ status }: StatusError): Uint8Array {
    return this.#frame('ERROR', status, 'meta/v1.Status');
  }

  #typeMeta(): { apiVersion: string; kind: string } {
    return { apiVersion: apiVersionOf(this.resource), kind: this.resource.kind };
  }

  #message(cached: CachedObject): Uint8Array {
    const { type } = this.resource;
    return this.#forms.of(cached, type, () => encodeMessage(type, decodeAs(this.resource, cached)));
  }

  #frame(type: string, object: object, typeName = this.#typeName('PartialObjectMetadata')): Uint8Array {
    if (this.form.encoding === 'protobuf')
      return protobufWatchFrame(type, encodeValue({ ...this.form, pretty: false }, typeName, object));
    return Buffer.from(`${JSON.stringify({ type, object })}\n`);
  }

  /** The type of what is sent. */
  #typeName(transformed: string): string {
    return this.form.transform === 'none' ? this.resource.type : `meta/v1.${transformed}`;
  }

  #table(objects: readonly ApiObject[], metadata: object, noHeaders: boolean): ApiObject {
    const table = tableOf(this.resource, objects, {
      includeObject: this.#include,
      now: this.#clock.now(),
      apiVersion: this.form.transformVersion,
      metadata: { ...metadata },
      noHeaders,
    });
    return table as unknown as ApiObject;
  }

  async #listOfValues(objects: readonly CachedObject[], metadata: ListMeta): Promise<HttpResponse> {
    const { form, resource } = this;
    const { transform, transformVersion } = form;
    const items = await this.#eachInTurn(objects, (cached) => decodeAs(resource, cached));
    if (transform === 'table') return valueResponse(200, form, '', this.#table(items, metadata, false));
    if (transform === 'none') {
      const kind = this.#listKind;
      return valueResponse(200, form, '', { kind, apiVersion: apiVersionOf(resource), metadata, items });
    }
    const [kind, apiVersion] = ['PartialObjectMetadata', transformVersion];
    const partial = items.map((object) => ({ kind, apiVersion, metadata: object.metadata }));
    const list = { kind: `${kind}List`, apiVersion, metadata, items: partial };
    return valueResponse(200, form, this.#typeName('PartialObjectMetadataList'), list);
  }

  /** What `make` makes of each; others get their turn in between. */
  async #eachInTurn<T>(objects: readonly CachedObject[], make: (cached: CachedObject) => T): Promise<T[]> {
    const made: T[] = [];
    const turn = new Turn(this.#clock);
    for (const [index, cached] of objects.entries()) {
      made.push(make(cached));
      if (index % 64 === 63 && turn.over) await turn.next();
    }
    return made;
  }

  #plainList(objects: readonly CachedObject[], meta: ListMeta): Uint8Array[] {
    const chunks = new ByteChunks();
    const head = JSON.stringify({ kind: this.#listKind, apiVersion: apiVersionOf(this.resource), metadata: meta });
    chunks.text(`${head.slice(0, -1)},"items":[`);
    objects.forEach((cached, position) => {
      if (position > 0) chunks.text(',');
      chunks.spliced(cached.bytes, cached.revision);
    });
    chunks.text(']}\n');
    return chunks.finish();
  }

  /** As upstream says it, with the name that the type has in its program. */
  #notAcceptable(asked: string, is: string, suffix: string): StatusError {
    const home = this.resource.type.split('/', 1)[0];
    const name = `*${home}.${this.resource.kind}${suffix}`;
    return new StatusError(406, 'NotAcceptable', `you requested ${asked}, but the requested object is ${is} (${name})`);
  }
}

const plainFrames: FrameEncoder = {
  id: 'json',
  frame: (item: WatchItem) => {
    const chunks = new ByteChunks(item.object.bytes.length + 96);
    chunks.text(`{"type":"${item.type}","object":`);
    chunks.spliced(item.object.bytes, item.revision);
    chunks.text('}\n');
    return chunks.finish()[0]!;
  },
};

/** @throws StatusError 400 */
function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(`unsupported includeObject value: ${JSON.stringify(value)}`);
}
