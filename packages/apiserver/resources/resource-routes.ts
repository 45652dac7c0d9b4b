import type { HttpResponse } from '@keelson/base';
import type { Resource, ResourceCatalogue, Verb } from '@keelson/model';
import { negotiatePlain } from '../request/media-type.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { valueResponse } from '../request/respond.ts';
import { invalid, methodNotAllowed, noSuchPath, StatusError } from '../request/status-error.ts';
import { writeOptions } from '../request/write-options.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import type { ReviewHandler, SubresourceHandler } from '../subresources/subresource-handler.ts';
import { admissionRequest } from './admission-request.ts';
import type { ComputedResource } from './component-statuses.ts';
import { settleNamespace } from './object-metadata.ts';
import { applyDefaults } from './plan-create.ts';
import type { ResourceVerbs } from './resource-verbs.ts';

export interface ResourceRoutesOptions {
  readonly catalogue: ResourceCatalogue;
  readonly caches: ResourceCaches;
  readonly verbs: ResourceVerbs;
  readonly subresources: readonly SubresourceHandler[];
  readonly reviews: readonly ReviewHandler[];
  /** Kinds that are worked out when they are read. */
  readonly computed: readonly ComputedResource[];
}

/** Finds who answers a request for a resource. */
export class ResourceRoutes {
  readonly #catalogue: ResourceCatalogue;
  readonly #caches: ResourceCaches;
  readonly #verbs: ResourceVerbs;
  readonly #subresources = new Map<string, SubresourceHandler>();
  readonly #reviews = new Map<string, ReviewHandler>();
  readonly #computed = new Map<string, ComputedResource>();

  constructor({ catalogue, caches, verbs, subresources, reviews, computed }: ResourceRoutesOptions) {
    this.#catalogue = catalogue;
    this.#caches = caches;
    this.#verbs = verbs;
    for (const handler of subresources)
      this.#subresources.set(`${handler.group}/${handler.resource}/${handler.subresource}`, handler);
    for (const handler of reviews) this.#reviews.set(`${handler.group}/${handler.resource}`, handler);
    for (const one of computed) this.#computed.set(`${one.group}/${one.resource}`, one);
  }

  /** @throws StatusError */
  async respond(context: RequestContext): Promise<HttpResponse> {
    const { info, warnings } = context;
    const resource = this.resourceOf(info);
    if (resource.deprecation !== undefined) warnings.push(resource.deprecation);
    if (resource.form !== undefined) await this.#caches.opened(resource);
    if (info.subresource !== '') return this.#subresource(context, resource);
    if (!resource.verbs.includes(info.verb as Verb)) throw methodNotAllowed();
    const computed = resource.strategy.virtual
      ? this.#computed.get(`${resource.group}/${resource.resource}`)
      : undefined;
    if (computed !== undefined) return computed.read(context, resource, this.#verbs);
    if (resource.strategy.virtual) return this.#review(context, resource);
    return this.#verb(context, resource);
  }

  /** What answers a sub-resource by itself; undefined for `status`, which every kind has in the same way. */
  handlerOf(resource: Resource, subresource: string): SubresourceHandler | undefined {
    const own = this.#subresources.get(`${resource.group}/${resource.resource}/${subresource}`);
    return own ?? (resource.form === undefined ? undefined : this.#subresources.get(`*/*/${subresource}`));
  }

  /** Whether a resource, or one of its sub-resources, is answered: discovery lists nothing else. */
  answers(resource: Resource, subresource = ''): boolean {
    if (subresource !== '') return subresource === 'status' || this.handlerOf(resource, subresource) !== undefined;
    const name = `${resource.group}/${resource.resource}`;
    return !resource.strategy.virtual || this.#reviews.has(name) || this.#computed.has(name);
  }

  /** @throws StatusError 404, 405 */
  resourceOf(info: RequestInfo): Resource {
    const resource = this.#catalogue.find(info.group, info.version, info.resource);
    if (resource === undefined) throw noSuchPath();
    if (info.rest.length > 0 && !this.handlerOf(resource, info.subresource)?.passesThrough) throw noSuchPath();
    const inNamespace = info.namespace !== '' && !(info.resource === 'namespaces' && info.group === '');
    if (!resource.namespaced && inNamespace) throw noSuchPath();
    if (resource.namespaced && info.namespace === '') {
      if (info.named) throw noSuchPath();
      if (!['list', 'watch'].includes(info.verb)) throw methodNotAllowed();
    }
    return resource;
  }

  async #verb(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const { info } = context;
    const named = info.named;
    switch (info.verb) {
      case 'get':
        return this.#verbs.get(context, resource);
      case 'list':
        return this.#verbs.list(context, resource);
      case 'watch':
        return this.#verbs.watch(context, resource);
      case 'create':
        if (named) throw methodNotAllowed();
        if (resource.terminating) throw terminating();
        return this.#verbs.create(context, resource);
      case 'update':
        if (!named) throw methodNotAllowed();
        return this.#verbs.update(context, resource, 'main');
      case 'patch':
        if (!named) throw methodNotAllowed();
        return this.#verbs.patch(context, resource, 'main');
      case 'delete':
        return this.#verbs.delete(context, resource);
      case 'deletecollection':
        return this.#verbs.deleteCollection(context, resource);
      default:
        throw methodNotAllowed();
    }
  }

  async #subresource(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const { info } = context;
    const known = Object.hasOwn(resource.subresources, info.subresource)
      ? resource.subresources[info.subresource]
      : undefined;
    const handler = this.handlerOf(resource, info.subresource);
    if (known === undefined || (handler === undefined && info.subresource !== 'status')) throw noSuchPath();
    if (!known.verbs.includes(info.verb as 'get') && !handler?.passesThrough) throw methodNotAllowed();
    if (handler !== undefined) return handler.handle(context, resource, this.#verbs);
    if (info.verb === 'get') return this.#verbs.get(context, resource);
    return info.verb === 'update'
      ? this.#verbs.update(context, resource, 'status')
      : this.#verbs.patch(context, resource, 'status');
  }

  /** A review is answered and never stored. */
  async #review(context: RequestContext, resource: Resource): Promise<HttpResponse> {
    const handler = this.#reviews.get(`${resource.group}/${resource.resource}`);
    if (handler === undefined) throw noSuchPath();
    const { info, request, user } = context;
    const options = writeOptions(info.query, 'CreateOptions');
    const object = this.#verbs.bodyReader(context, resource, options)();
    const form = negotiatePlain(request.headers, info.query);
    settleNamespace(object, resource, info.namespace);
    applyDefaults({ resource }, object);
    const { admission } = this.#verbs.writer;
    const write = this.#verbs.writeContext(context, resource, options);
    const name = object.metadata?.name ?? '';
    const asked = admissionRequest(write, { operation: 'CREATE', name, object });
    await admission.mutate(asked);
    const problems = resource.strategy.validate?.(object) ?? [];
    if (problems.length > 0) throw invalid(resource, name, problems);
    await admission.validate(asked);
    const answer = await handler.review(object, { user, namespace: info.namespace });
    if ('status' in answer) throw statusError(answer.status);
    return valueResponse(201, form, resource.type, answer.object);
  }
}

function terminating(): StatusError {
  const message = 'create not allowed while custom resource definition is terminating';
  return new StatusError(405, 'MethodNotAllowed', message, {});
}

/** A Status that somebody else made, as the error that carries it. */
export function statusError(status: { code?: number; reason?: string; message?: string; details?: any }): StatusError {
  return new StatusError(status.code ?? 500, status.reason ?? '', status.message ?? '', status.details);
}
