import type { HttpResponse } from '@keelson/base';
import { type ApiObject, type IncludeObject, type Resource, spliceRevision, tableOf } from '@keelson/model';
import { apiVersionOf } from '../request/decode-body.ts';
import type { OutputForm } from '../request/media-type.ts';
import { bytesResponse } from '../request/respond.ts';
import { badRequest } from '../request/status-error.ts';
import { yamlText } from '../request/yaml-text.ts';
import { ByteChunks } from '../storage/byte-chunks.ts';
import type { CachedObject } from '../storage/cached-object.ts';
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
  readonly #now: () => number;

  constructor(resource: Resource, form: OutputForm, query: URLSearchParams, now: () => number) {
    this.resource = resource;
    this.form = form;
    this.#include = includeObject(query);
    this.#now = now;
  }

  /** Stored bytes can be sent as they are, but for the revision. */
  get plain(): boolean {
    return this.form.encoding === 'json' && this.form.transform === 'none' && isStoredForm(this.resource);
  }

  /** One object with a code. */
  object(status: number, cached: CachedObject): HttpResponse {
    const body = this.plain
      ? spliceRevision(cached.bytes, String(cached.revision))
      : this.#encode(this.transformed(decodeAs(this.resource, cached)));
    return bytesResponse(status, this.form.contentType, body);
  }

  /** One object that is not (yet) stored. */
  value(status: number, object: ApiObject): HttpResponse {
    return bytesResponse(status, this.form.contentType, this.#encode(this.transformed(object)));
  }

  list(objects: readonly CachedObject[], meta: ListMeta): HttpResponse {
    const body = this.plain ? this.#plainList(objects, meta) : [this.#encode(this.#listValue(objects, meta))];
    return bytesResponse(200, this.form.contentType, body);
  }

  /** The object as the client wants to see it: itself, a Table of it, its metadata. */
  transformed(object: ApiObject, noHeaders = false): unknown {
    const apiVersion = this.form.transformVersion;
    if (this.form.transform === 'partial')
      return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
    if (this.form.transform === 'none') return object;
    const metadata = { resourceVersion: object.metadata?.resourceVersion };
    return this.#table([object], metadata, noHeaders);
  }

  /** Frames of a watch in this form. Only those that depend on nothing but the event are shared under one id. */
  frames(): FrameEncoder {
    const { transform, transformVersion } = this.form;
    if (this.plain) return plainFrames;
    let headersSent = false;
    return {
      // The first frame of a table has the column headers: such frames belong to one watch.
      id: transform === 'table' ? undefined : `${transform}/${transformVersion}/${apiVersionOf(this.resource)}`,
      frame: (item) => {
        const object = decodeAs(this.resource, item.object);
        if (object.metadata) object.metadata.resourceVersion = String(item.revision);
        const text = JSON.stringify({ type: item.type, object: this.transformed(object, headersSent) });
        headersSent = true;
        return Buffer.from(`${text}\n`);
      },
    };
  }

  /** A BOOKMARK event: nothing but how far the watch is. */
  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array {
    const metadata = {
      resourceVersion: String(revision),
      ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const { transform, transformVersion: apiVersion } = this.form;
    let object: unknown = { kind: this.resource.kind, apiVersion: apiVersionOf(this.resource), metadata };
    if (transform === 'partial') object = { kind: 'PartialObjectMetadata', apiVersion, metadata };
    if (transform === 'table') object = this.#table([], metadata, true);
    return Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  #table(objects: readonly ApiObject[], metadata: object, noHeaders: boolean): unknown {
    return tableOf(this.resource, objects, {
      includeObject: this.#include,
      now: this.#now(),
      apiVersion: this.form.transformVersion,
      metadata: { ...metadata },
      noHeaders,
    });
  }

  #listValue(objects: readonly CachedObject[], metadata: ListMeta): unknown {
    const items = objects.map((cached) => decodeAs(this.resource, cached));
    const { transform, transformVersion: apiVersion } = this.form;
    if (transform === 'table') return this.#table(items, metadata, false);
    if (transform === 'none')
      return { kind: `${this.resource.kind}List`, apiVersion: apiVersionOf(this.resource), metadata, items };
    const partial = items.map((object) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata }));
    return { kind: 'PartialObjectMetadataList', apiVersion, metadata, items: partial };
  }

  #plainList(objects: readonly CachedObject[], meta: ListMeta): Uint8Array[] {
    const chunks = new ByteChunks();
    const { kind } = this.resource;
    const head = JSON.stringify({ kind: `${kind}List`, apiVersion: apiVersionOf(this.resource), metadata: meta });
    chunks.text(`${head.slice(0, -1)},"items":[`);
    objects.forEach((cached, position) => {
      if (position > 0) chunks.text(',');
      chunks.spliced(cached.bytes, cached.revision);
    });
    chunks.text(']}\n');
    return chunks.finish();
  }

  #encode(value: unknown): Uint8Array {
    return Buffer.from(this.form.encoding === 'yaml' ? yamlText(value) : `${JSON.stringify(value)}\n`);
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
