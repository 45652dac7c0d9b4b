import type { HttpResponse, World } from '@keelson/base';
import {
  type ApiObject,
  type FieldRequirement,
  ManagedFields,
  type Resource,
  type Status,
  type Subresource,
} from '@keelson/model';
import type { Store } from '@keelson/store';
import { ApplyPatch } from '../apply/apply-patch.ts';
import type { AppliedObject } from '../apply/field-management.ts';
import { managerName } from '../apply/manager-name.ts';
import type { Authorizer } from '../authorization/contract.ts';
import { attributesOf, authorize } from '../request/authorize.ts';
import { checkStrict, decodeBody } from '../request/decode-body.ts';
import { type DeleteOptions, deleteOptions } from '../request/delete-options.ts';
import { type ListOptions, listOptions, parseRevision } from '../request/list-options.ts';
import { requireBodyType } from '../request/media-type.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { badRequest, conflict, methodNotAllowed, notFound, StatusError } from '../request/status-error.ts';
import { type WriteOptions, writeOptions } from '../request/write-options.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { type LatestRevision, latestRevisionOf } from '../storage/latest-revision.ts';
import { ProtobufForms } from '../storage/protobuf-forms.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import { awaitRevision, listObjects } from './list-objects.ts';
import { settleName } from './object-metadata.ts';
import type { ObjectWriter } from './object-writer.ts';
import { applyYaml, patchTypes, readPatch } from './patch-object.ts';
import type { Modify, UpdateRules } from './plan-update.ts';
import { Rendering } from './rendering.ts';
import { watchObjects } from './watch-stream.ts';
import type { WriteContext, WriteResult } from './write-plan.ts';

export interface ResourceVerbsOptions {
  readonly world: World;
  readonly store: Store;
  /** Other processes write to the store too. */
  readonly shared: boolean;
  readonly caches: ResourceCaches;
  readonly writer: ObjectWriter;
  /** Asked again when an update or an apply makes an object that was not there. */
  readonly authorizer: Authorizer;
}

/** What the generic verbs do for every stored resource. Each method answers or throws StatusError. */
export class ResourceVerbs {
  readonly #world: World;
  readonly #latest: LatestRevision;
  readonly #shared: boolean;
  readonly #caches: ResourceCaches;
  readonly #forms = new ProtobufForms();
  readonly #authorizer: Authorizer;
  readonly writer: ObjectWriter;

  constructor(options: ResourceVerbsOptions) {
    this.#world = options.world;
    const { store, shared } = options;
    this.#latest = latestRevisionOf(store, shared);
    this.#shared = shared;
    this.#caches = options.caches;
    this.writer = options.writer;
    this.#authorizer = options.authorizer;
  }

  async get(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const { info } = context;
    const rendering = this.rendering(context, resource);
    const cache = this.#cache(resource);
    const revision = info.query.get('resourceVersion') ?? '';
    // A store of this process alone has told the cache everything that was acknowledged.
    if (!cache.ready || this.#shared || (revision !== '' && revision !== '0'))
      await awaitRevision(cache, this.#latest, revision, parseRevision(revision));
    const found = cache.get(info.namespace, info.name);
    if (found === undefined) throw notFound(resource, info.name);
    return rendering.object(200, found);
  }

  async list(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const rendering = this.rendering(context, resource);
    const namespace = namespaceOf(resource, context);
    const options = listOptions(resource, namespace, context.info.query, false);
    const page = await listObjects(this.#cache(resource), this.#latest, namespace, options);
    return rendering.list(page.objects, page.meta);
  }

  async watch(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const { info, request } = context;
    const rendering = this.rendering(context, resource);
    const namespace = namespaceOf(resource, context);
    return watchObjects({
      world: this.#world,
      latest: this.#latest,
      cache: this.#cache(resource),
      namespace,
      options: withName(listOptions(resource, namespace, info.query, true), info),
      rendering,
      signal: request.signal,
    });
  }

  async create(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const options = writeOptions(context.info.query, 'CreateOptions');
    const rendering = this.rendering(context, resource);
    const make = this.bodyReader(context, resource, options);
    const result = await this.writer.create(this.writeContext(context, resource, options), make);
    return this.answer(rendering, result, 201);
  }

  async update(context: RequestContext, resource: Resource, rules: UpdateRules): Promise<HttpResponse> {
    const { info } = context;
    const options = writeOptions(info.query, 'UpdateOptions');
    const rendering = this.rendering(context, resource);
    const make = this.bodyReader(context, resource, options);
    const creates = rules === 'main' && resource.strategy.createOnUpdate === true;
    const absent = async () => {
      const object = make();
      const meta = (object.metadata ??= {});
      meta.name ||= info.name;
      // Who names a uid or a revision means an object that was there: it must not come back by mistake.
      if (meta.uid)
        throw conflict(
          resource,
          info.name,
          `Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: `,
        );
      if (meta.resourceVersion) throw conflict(resource, info.name);
      settleName(object, info.name);
      await authorize(this.#authorizer, { ...attributesOf(context.user, info), verb: 'create' });
      return object;
    };
    const write = this.writeContext(context, resource, options);
    const result = await this.writer.update(write, info.name, make, rules, creates ? absent : undefined);
    return this.answer(rendering, result, 201);
  }

  async patch(context: RequestContext, resource: Resource, rules: UpdateRules): Promise<HttpResponse> {
    const { info, request, warnings } = context;
    const contentType = request.headers['content-type'];
    if (this.isApply(contentType, resource.form !== undefined)) return this.#apply(context, resource, rules);
    const rendering = this.rendering(context, resource);
    const options = writeOptions(info.query, 'PatchOptions');
    const patch = readPatch(resource, request.body, { contentType, validation: options.fieldValidation, warnings });
    const write = this.writeContext(context, resource, options);
    const modify: Modify = (present, managed) => patch.apply(present, managed);
    return this.answer(rendering, await this.writer.update(write, info.name, modify, rules), 201);
  }

  /** Whether a patch is an applied configuration. @throws StatusError 415 for what is no patch that the kind takes */
  isApply(contentType: string | undefined, custom: boolean): boolean {
    const type = (contentType ?? '').split(';', 1)[0]!;
    const apply = this.writer.management !== undefined;
    requireBodyType(type, patchTypes({ strategic: !custom, apply }));
    return type === applyYaml;
  }

  async #apply(context: RequestContext, resource: Resource, rules: UpdateRules): Promise<HttpResponse> {
    const { info, request, warnings } = context;
    const management = this.writer.management!;
    const rendering = this.rendering(context, resource);
    const options = writeOptions(info.query, 'PatchOptions', true);
    const patch = new ApplyPatch(resource, request.body, options, warnings);
    const target = management.targets.of(resource, info.subresource);
    const modify: Modify = (present, managed) => patch.applyTo(management, target, present, managed);
    const absent = async () => {
      const made = await patch.applyTo(management, target, undefined, ManagedFields.none);
      return this.#newObject(context, resource, made);
    };
    const write = this.writeContext(context, resource, options);
    const result = await this.writer.update(write, info.name, modify, rules, rules === 'main' ? absent : undefined);
    return this.answer(rendering, result, 201);
  }

  /**
   * The object that an apply makes because there is none.
   * @throws StatusError 400 without the name of the path, 403, 409 when it means an object that was there
   */
  async #newObject(context: RequestContext, resource: Resource, made: AppliedObject): Promise<AppliedObject> {
    const { info, user } = context;
    const { metadata = {} } = made.object;
    if (metadata.uid) {
      const why = `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`;
      throw conflict(resource, info.name, why);
    }
    if (!metadata.name)
      throw badRequest(`the name of the object (${info.name} based on URL) was undeterminable: name must be provided`);
    settleName(made.object, info.name);
    if (metadata.resourceVersion) throw conflict(resource, info.name);
    await authorize(this.#authorizer, { ...attributesOf(user, info), verb: 'create' });
    return made;
  }

  async delete(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const { info, request } = context;
    const rendering = this.rendering(context, resource);
    const options = deleteOptions(request.body, request.headers['content-type'], info.query);
    const write = this.writeContext(context, resource, options);
    const result = await this.writer.delete(write, info.name, options);
    if (result.outcome !== 'deleted') return this.answer(rendering, result, 200);
    return rendering.status(200, deletedStatus(resource, result));
  }

  async deleteCollection(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const { info, request } = context;
    const rendering = this.rendering(context, resource);
    const deletion = deleteOptions(request.body, request.headers['content-type'], info.query);
    const namespace = namespaceOf(resource, context);
    const options = listOptions(resource, namespace, info.query, false);
    const page = await listObjects(this.#cache(resource), this.#latest, namespace, options);
    for (const object of page.objects) await this.#deleteOne(context, resource, object, deletion);
    return rendering.list(page.objects, page.meta);
  }

  /** @throws StatusError, but not for what is gone already */
  async #deleteOne(
    context: RequestContext,
    resource: Resource,
    object: CachedObject,
    options: DeleteOptions,
  ): Promise<void> {
    const write = this.writeContext(context, resource, options);
    try {
      await this.writer.delete({ ...write, namespace: object.namespace }, object.name, options);
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  }

  rendering(context: RequestContext, resource: Resource): Rendering {
    return new Rendering(context, resource, this.#world.clock, this.#forms);
  }

  /** The answer to a write: the object's bytes with its revision. */
  answer(rendering: Rendering, result: WriteResult, createdCode: number): HttpResponse {
    const code = result.outcome === 'created' ? createdCode : 200;
    if (result.revision === 0) return rendering.value(code, result.object);
    const { resource } = rendering;
    // What is stored may be of another version than what was asked for.
    if (resource.form !== undefined && resource.version !== resource.storage.version)
      return rendering.value(code, withRevision(result));
    return rendering.object(code, new CachedObject(resource, '', '', result.name, result.revision, result.bytes));
  }

  writeContext(
    context: RequestContext,
    resource: Resource,
    options: {
      readonly dryRun: boolean;
      readonly fieldManager?: string;
      readonly given?: Readonly<Record<string, unknown>>;
    },
  ): WriteContext {
    return {
      resource,
      manager: managerName(options.fieldManager ?? '', context.request.headers['user-agent']),
      subresource: context.info.subresource,
      namespace: namespaceOf(resource, context),
      user: context.user,
      dryRun: options.dryRun,
      warnings: context.warnings,
      ...(context.annotate ? { annotate: context.annotate } : {}),
      options: options.given,
    };
  }

  /** Reads the body once, and gives a private copy of its object at every call. @throws StatusError */
  bodyReader(
    context: RequestContext,
    expected: Resource | (Subresource & { readonly type: string }),
    options: WriteOptions,
  ): () => ApiObject {
    const { request, warnings } = context;
    const contentType = request.headers['content-type'];
    if (request.body.length === 0) throw badRequest('unexpected end of JSON input');
    const decoded = decodeBody(expected, request.body, contentType, options.fieldValidation);
    checkStrict(decoded, options.fieldValidation, expected, warnings);
    let first: ApiObject | undefined = decoded.object;
    return () => {
      const object = first ?? decodeBody(expected, request.body, contentType).object;
      first = undefined;
      return object;
    };
  }

  #cache(resource: Resource): WatchCache {
    const cache = this.#caches.of(resource);
    if (cache === undefined) throw methodNotAllowed();
    return cache;
  }
}

/** The namespace that objects are in: a request for one Namespace names it too, but it is in none. */
function namespaceOf(resource: Resource, { info }: RequestContext): string {
  return resource.namespaced ? info.namespace : '';
}

function withRevision({ object, revision }: WriteResult): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/** A watch of one object by its path. @throws StatusError 400 when the selector means another */
function withName(options: ListOptions, { named, name }: RequestInfo): ListOptions {
  if (!named) return options;
  const { fields = [] } = options.selection;
  const term: FieldRequirement = { field: 'metadata.name', operator: '=', value: name };
  const selected = fields.find(({ field, operator }) => field === term.field && operator === '=');
  if (fields.length > 0 && selected?.value !== name)
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  return { ...options, selection: { ...options.selection, fields: fields.length > 0 ? fields : [term] } };
}

/** The Status of a deletion that is done. */
function deletedStatus(resource: Resource, result: WriteResult): Status {
  const { group, resource: kind } = resource;
  const uid = result.object.metadata?.uid;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: result.name, ...(group === '' ? {} : { group }), kind, ...(uid ? { uid } : {}) },
  };
}
