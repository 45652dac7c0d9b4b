import type { HttpResponse } from '@keelson/base';
import {
  type ApiObject,
  ManagedFields,
  PatchError,
  type Resource,
  type ScaleForm,
  tableApplyType,
  validateConfiguration,
} from '@keelson/model';
import { ApplyPatch } from '../apply/apply-patch.ts';
import { apiVersionOf } from '../request/decode-body.ts';
import type { RequestContext } from '../request/request-context.ts';
import { badRequest, conflict, internal, invalid, noSuchPath, notFound } from '../request/status-error.ts';
import { type WriteOptions, writeOptions } from '../request/write-options.ts';
import { admissionRequest } from '../resources/admission-request.ts';
import { decodeAs } from '../resources/object-form.ts';
import { readPatch } from '../resources/patch-object.ts';
import type { Modify } from '../resources/plan-update.ts';
import type { ResourceVerbs } from '../resources/resource-verbs.ts';
import type { WriteContext } from '../resources/write-plan.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';

/** GET, PUT and PATCH …/scale (autoscaling/v1 Scale) of every kind whose strategy has a scale. */
export async function handleScale(
  caches: ResourceCaches,
  context: RequestContext,
  resource: Resource,
  verbs: ResourceVerbs,
): Promise<HttpResponse> {
  const { info } = context;
  const form = resource.strategy.scale;
  const known = resource.subresources['scale'];
  if (form === undefined || known === undefined) throw noSuchPath();
  const rendering = verbs.rendering(context, { ...resource, ...known, strategy: scaleStrategy });
  if (info.verb === 'get') {
    const found = caches.of(resource)?.get(info.namespace, info.name);
    if (found === undefined) throw notFound(resource, info.name);
    const object = decodeAs(resource, found);
    const missing = form.missing?.(object);
    if (missing !== undefined) throw internal(`${missing} does not exist`);
    return rendering.value(200, form.read(object));
  }
  const apply = info.verb === 'patch' && verbs.isApply(context.request.headers['content-type'], false);
  const options = writeOptions(info.query, info.verb === 'patch' ? 'PatchOptions' : 'UpdateOptions', apply);
  const write = { ...verbs.writeContext(context, resource, options), admitted: true };
  const scaling: Scaling = { context, resource, known, form, verbs, options, write };
  const modify = apply ? appliedScale(scaling) : changedScale(scaling);
  const result = await verbs.writer.update(write, info.name, modify, 'main');
  if (result.revision > 0)
    result.object.metadata = { ...result.object.metadata, resourceVersion: String(result.revision) };
  return rendering.value(200, form.read(result.object));
}

/** What stands for replicas that are not there, while a patch is made: the smallest int32. */
const unset = -(2 ** 31);

/** One write through /scale. */
interface Scaling {
  readonly context: RequestContext;
  readonly resource: Resource;
  readonly known: Known;
  readonly form: ScaleForm;
  readonly verbs: ResourceVerbs;
  readonly options: WriteOptions;
  readonly write: WriteContext;
}

function changedScale(scaling: Scaling): Modify {
  const { context, resource, known, form, verbs, options } = scaling;
  const { info } = context;
  const scaleOf =
    info.verb === 'patch' ? patchedScale(context, known, options) : verbs.bodyReader(context, known, options);
  return async (present) => {
    const shown = form.read(present);
    const missing = form.missing?.(present);
    if (missing !== undefined) shown['spec'].replicas = unset;
    const scale = scaleOf(shown);
    if (scale['spec']?.replicas === unset) throw badRequest(`${missing} cannot be empty`);
    checkScale(context, resource, present, scale);
    await admitScale(scaling, scale, form.read(present));
    form.write(present, scale);
    return present;
  };
}

/** Admission sees the Scale, and may change it. @throws StatusError */
async function admitScale({ context, known, form, verbs, write }: Scaling, object: ApiObject, previous: ApiObject) {
  const { name } = context.info;
  const request = admissionRequest(write, { operation: 'UPDATE', name, object, previous, kind: known });
  await verbs.writer.admission.mutate(request);
  const problems = form.validate(object);
  if (problems.length > 0) throw invalid(known, name, problems);
  await verbs.writer.admission.validate(request);
}

/** A Scale that is applied is a configuration of the object that says its replicas and nothing else. */
function appliedScale(scaling: Scaling): Modify {
  const { context, resource, known, form, verbs, options } = scaling;
  const { info, request, warnings } = context;
  const management = verbs.writer.management!;
  const patch = new ApplyPatch(resource, request.body, options, warnings);
  const target = management.targets.of(resource, 'scale');
  checkConfiguration(known, patch.config);
  return async (present, managed) => {
    const { metadata = {}, spec = {} } = patch.config;
    checkScale(context, resource, present, patch.config);
    const config: ApiObject = { apiVersion: target.apiVersion, kind: target.kind, metadata: { name: info.name } };
    if (metadata.resourceVersion) config.metadata!.resourceVersion = metadata.resourceVersion;
    if (spec.replicas !== undefined) setPath(config, form.replicasPath ?? 'spec.replicas', spec.replicas);
    const previous = form.read(present);
    const applied = await patch.applyTo(management, target, present, managed, config);
    const scale = form.read(applied.object);
    await admitScale(scaling, scale, previous);
    form.write(applied.object, scale);
    return applied;
  };
}

/** @throws StatusError 400 when the configuration is no Scale */
function checkConfiguration(known: Known, config: ApiObject): void {
  const type = tableApplyType(known.type);
  const apiVersion = apiVersionOf(known);
  const schema = { typeOf: () => type, convert: (object: ApiObject) => object };
  try {
    validateConfiguration({ target: { schema, apiVersion, kind: known.kind }, config });
  } catch (error) {
    if (error instanceof PatchError) throw badRequest(error.message);
    throw error;
  }
}

function setPath(object: ApiObject, path: string, value: unknown): void {
  const names = path.split('.');
  let place: Record<string, any> = object;
  for (const name of names.slice(0, -1)) place = place[name] ??= {};
  place[names.at(-1)!] = value;
}

/** A Scale is shown, never stored: it has nothing of its own. */
const scaleStrategy = { apiVersion: 'autoscaling/v1', kind: 'Scale', virtual: true } as const;

type Known = Resource['subresources'][string];

function patchedScale({ request, warnings }: RequestContext, known: Known, options: WriteOptions) {
  const contentType = request.headers['content-type'];
  const patch = readPatch(known, request.body, { contentType, validation: options.fieldValidation, warnings });
  return (present: ApiObject) => patch.apply(present, ManagedFields.none);
}

/** @throws StatusError when the Scale is another object's, or made from another revision */
function checkScale(
  { info }: RequestContext,
  resource: Resource,
  present: Readonly<ApiObject>,
  scale: Readonly<ApiObject>,
): void {
  const { name, namespace, uid, resourceVersion } = scale.metadata ?? {};
  if (name && name !== info.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`);
  if (namespace && namespace !== info.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const actual = present.metadata?.uid;
  if (uid && uid !== actual)
    throw conflict(
      resource,
      info.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actual}`,
    );
  if (resourceVersion && resourceVersion !== present.metadata?.resourceVersion) throw conflict(resource, info.name);
}
