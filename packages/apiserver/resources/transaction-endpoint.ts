import type { HttpResponse } from '@keelson/base';
import {
  type ApiObject,
  DecodeError,
  normalize,
  parseJson,
  type Resource,
  type ResourceCatalogue,
} from '@keelson/model';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import { authorize } from '../request/authorize.ts';
import { checkDeleteOptions } from '../request/delete-options.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { jsonResponse } from '../request/respond.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  methodNotAllowed,
  notFound,
  type StatusError,
} from '../request/status-error.ts';
import type { ObjectWriter } from './object-writer.ts';
import { planCreate } from './plan-create.ts';
import { planDelete } from './plan-delete.ts';
import { planUpdate } from './plan-update.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';

/** Objects that one transaction may write: what a store takes at a time. */
const operationLimit = 128;
const tries = 16;

type Verb = 'create' | 'update' | 'updateStatus' | 'delete';

interface Step {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly object: ApiObject;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}

/**
 * POST /apis/meta.keelson.dev/v1/transactions, Keelson's own: several objects written in one transaction of the store,
 * each as if it came alone (authorisation, defaults, admission, validation), all or none.
 */
export class TransactionEndpoint {
  readonly #catalogue: ResourceCatalogue;
  readonly #writer: ObjectWriter;
  readonly #authorizer: Authorizer;

  constructor(options: { catalogue: ResourceCatalogue; writer: ObjectWriter; authorizer: Authorizer }) {
    this.#catalogue = options.catalogue;
    this.#writer = options.writer;
    this.#authorizer = options.authorizer;
  }

  static answers(info: RequestInfo): boolean {
    return info.group === 'meta.keelson.dev' && info.version === 'v1' && info.resource === 'transactions';
  }

  /** @throws StatusError of the first operation that cannot be */
  async respond(context: RequestContext): Promise<HttpResponse> {
    if (context.info.verb !== 'create' || context.info.named) throw methodNotAllowed();
    const steps = this.#read(context.request.body);
    for (const step of steps) await this.#authorize(context, step);
    const keys = steps.filter((step) => step.name !== '').map((step) => this.#key(step));
    if (new Set(keys).size < keys.length) throw badRequest('operations: an object is written twice');
    const items = await this.#writer.exclusively(keys, () => this.#run(context, steps));
    return jsonResponse(200, { kind: 'TransactionResult', apiVersion: 'meta.keelson.dev/v1', items });
  }

  async #run(context: RequestContext, steps: readonly Step[]): Promise<ApiObject[]> {
    for (let turn = 1; ; turn++) {
      const plans = await this.#plan(context, steps);
      const results = await this.#writer.commit(plans);
      if (results !== undefined)
        return results.map(({ object, revision }) => ({
          ...object,
          metadata: { ...object.metadata, ...(revision > 0 ? { resourceVersion: String(revision) } : {}) },
        }));
      if (turn >= tries) throw this.#overtaken(plans);
    }
  }

  async #plan(context: RequestContext, steps: readonly Step[]): Promise<WritePlan[]> {
    const plans: WritePlan[] = [];
    try {
      for (const step of steps) plans.push(await this.#planOne(context, step));
      return plans;
    } catch (error) {
      for (const plan of plans) plan.reservation?.undo();
      throw error;
    }
  }

  async #planOne({ user, warnings }: RequestContext, step: Step): Promise<WritePlan> {
    const { resource, namespace, name, verb } = step;
    const subresource = verb === 'updateStatus' ? 'status' : '';
    const write: WriteContext = { resource, namespace, subresource, user, dryRun: false, warnings };
    const present = name === '' ? undefined : this.#writer.cacheOf(resource).get(namespace, name);
    if (verb === 'create') {
      if (present !== undefined) throw alreadyExists(resource, name);
      return planCreate(this.#writer, write, structuredClone(step.object));
    }
    if (present === undefined) throw notFound(resource, name);
    if (verb === 'delete') {
      const options = checkDeleteOptions({ preconditions: step.preconditions });
      return planDelete(this.#writer, write, present, options);
    }
    return planUpdate(
      this.#writer,
      write,
      present,
      () => structuredClone(step.object),
      verb === 'update' ? 'main' : 'status',
    );
  }

  #overtaken(plans: readonly WritePlan[]): StatusError {
    const { context, name } = plans[0]!;
    return conflict(context.resource, name);
  }

  #key({ resource, namespace, name }: Step): string {
    return this.#writer.cacheOf(resource).keyOf(namespace, name);
  }

  async #authorize({ user }: RequestContext, step: Step): Promise<void> {
    const attributes: Attributes = {
      user,
      verb: step.verb === 'updateStatus' ? 'update' : step.verb,
      resourceRequest: true,
      namespace: step.namespace,
      apiGroup: step.resource.group,
      apiVersion: step.resource.version,
      resource: step.resource.resource,
      subresource: step.verb === 'updateStatus' ? 'status' : '',
      name: step.name,
      path: '',
    };
    await authorize(this.#authorizer, attributes);
  }

  /** @throws StatusError 400 */
  #read(body: Uint8Array): Step[] {
    let parsed: any;
    try {
      parsed = parseJson(body);
    } catch (error) {
      if (error instanceof DecodeError) throw badRequest(error.message);
      throw error;
    }
    const operations: unknown = parsed?.operations;
    if (!Array.isArray(operations) || operations.length === 0) throw badRequest('operations: Required value');
    if (operations.length > operationLimit)
      throw badRequest(`operations: Too many: ${operations.length}: must have at most ${operationLimit} items`);
    return operations.map((operation, position) => this.#step(operation ?? {}, `operations[${position}]`));
  }

  #step(operation: any, path: string): Step {
    const { verb } = operation;
    if (!['create', 'update', 'updateStatus', 'delete'].includes(verb))
      throw badRequest(`${path}.verb: Unsupported value: ${JSON.stringify(verb ?? '')}`);
    const subject = verb === 'delete' ? operation : operation.object;
    const { apiVersion, kind } = subject ?? {};
    if (typeof apiVersion !== 'string' || typeof kind !== 'string')
      throw badRequest(`${path}: apiVersion and kind are required`);
    const [first = '', second] = apiVersion.split('/', 2);
    const [group, version] = second === undefined ? ['', first] : [first, second];
    const resource = this.#catalogue.findKind(group, version, kind);
    if (resource === undefined || resource.strategy.virtual || resource.form !== undefined)
      throw badRequest(`${path}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
    const object = verb === 'delete' ? {} : this.#object(resource, operation.object, path);
    const { name = '', namespace = '' } = verb === 'delete' ? operation : (object.metadata ?? {});
    if (typeof name !== 'string' || typeof namespace !== 'string')
      throw badRequest(`${path}: name and namespace are strings`);
    if (name === '' && verb !== 'create') throw badRequest(`${path}: name is required`);
    if (resource.namespaced && namespace === '') throw badRequest(`${path}: namespace is required`);
    const preconditions = preconditionsOf(operation.preconditions, path);
    return { verb, resource, namespace: resource.namespaced ? namespace : '', name, object, preconditions };
  }

  #object(resource: Resource, value: unknown, path: string): ApiObject {
    try {
      return normalize(resource, value).object;
    } catch (error) {
      if (error instanceof DecodeError) throw badRequest(`${path}.object: ${error.message}`);
      throw error;
    }
  }
}

function preconditionsOf(value: any, path: string): { uid?: string; resourceVersion?: string } {
  if (value === undefined || value === null) return {};
  const { uid, resourceVersion } = value;
  for (const part of [uid, resourceVersion])
    if (part !== undefined && typeof part !== 'string') throw badRequest(`${path}.preconditions: values are strings`);
  return { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
}
