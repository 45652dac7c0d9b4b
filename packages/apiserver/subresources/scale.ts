import type { HttpResponse } from '@keelson/base';
import type { ApiObject, Resource } from '@keelson/model';
import { checkStrict, checkType } from '../request/decode-body.ts';
import type { RequestContext } from '../request/request-context.ts';
import { badRequest, conflict, internal, invalid, noSuchPath, notFound } from '../request/status-error.ts';
import { writeOptions } from '../request/write-options.ts';
import { admissionRequest } from '../resources/admission-request.ts';
import { decodeAs } from '../resources/object-form.ts';
import { readPatch } from '../resources/patch-object.ts';
import type { Modify } from '../resources/plan-update.ts';
import type { ResourceVerbs } from '../resources/resource-verbs.ts';
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
  const options = writeOptions(info.query, info.verb === 'patch' ? 'PatchOptions' : 'UpdateOptions');
  const scaleOf =
    info.verb === 'patch' ? patchedScale(context, known, options) : putScale(context, known, verbs, options);
  const write = { ...verbs.writeContext(context, resource, options), admitted: true };
  const { admission } = verbs.writer;
  const modify: Modify = async (present) => {
    const shown = form.read(present);
    const missing = form.missing?.(present);
    if (missing !== undefined) shown['spec'].replicas = unset;
    const scale = await scaleOf(shown);
    if (scale['spec']?.replicas === unset) throw badRequest(`${missing} cannot be empty`);
    checkScale(context, resource, present, scale);
    const change = { object: scale, previous: form.read(present), kind: known };
    const request = admissionRequest(write, { operation: 'UPDATE', name: info.name, ...change });
    await admission.mutate(request);
    const problems = form.validate(scale);
    if (problems.length > 0) throw invalid(known, info.name, problems);
    await admission.validate(request);
    form.write(present, scale);
    return present;
  };
  const result = await verbs.writer.update(write, info.name, modify, 'main');
  if (result.revision > 0)
    result.object.metadata = { ...result.object.metadata, resourceVersion: String(result.revision) };
  return rendering.value(200, form.read(result.object));
}

/** What stands for replicas that are not there, while a patch is made: the smallest int32. */
const unset = -(2 ** 31);

/** A Scale is shown, never stored: it has nothing of its own. */
const scaleStrategy = { apiVersion: 'autoscaling/v1', kind: 'Scale', virtual: true } as const;

type Known = Resource['subresources'][string];
type Options = ReturnType<typeof writeOptions>;

function putScale(context: RequestContext, known: Known, verbs: ResourceVerbs, options: Options): Modify {
  return verbs.bodyReader(context, known, options);
}

function patchedScale({ request, warnings }: RequestContext, known: Known, options: Options): Modify {
  const patch = readPatch(known, request.body, request.headers['content-type']);
  return (present) => {
    const decoded = patch.apply(present);
    checkType(decoded.object, known);
    checkStrict(decoded, options.fieldValidation, known, warnings);
    return decoded.object;
  };
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
