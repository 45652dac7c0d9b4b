import { type HttpResponse, rfc3339, type World } from '@keelson/base';
import type { ApiObject, Resource } from '@keelson/model';
import { binding } from '@keelson/model/kinds/core/binding/index.ts';
import type { RequestContext } from '../request/request-context.ts';
import { badRequest, conflict, invalid } from '../request/status-error.ts';
import { writeOptions } from '../request/write-options.ts';
import { admissionRequest } from '../resources/admission-request.ts';
import type { ResourceVerbs } from '../resources/resource-verbs.ts';
import type { SubresourceHandler } from './subresource-handler.ts';

/** POST …/pods/{name}/binding: puts a pod on a node. Once, and never on another. */
export function podBinding(world: World): SubresourceHandler {
  return {
    group: '',
    resource: 'pods',
    subresource: 'binding',
    handle: (context, resource, verbs) => bind(world, context, resource, verbs),
  };
}

async function bind(
  world: World,
  context: RequestContext,
  resource: Resource,
  verbs: ResourceVerbs,
): Promise<HttpResponse> {
  const { info } = context;
  const known = resource.subresources['binding']!;
  const options = writeOptions(info.query, 'CreateOptions');
  const rendering = verbs.rendering(context, resource);
  const wish = verbs.bodyReader(context, known, options)();
  const { name, namespace, uid, resourceVersion } = wish.metadata ?? {};
  if (name && name !== info.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`);
  if (namespace && namespace !== info.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const write = { ...verbs.writeContext(context, resource, options), admitted: true };
  const request = admissionRequest(write, { operation: 'CREATE', name: info.name, object: wish, kind: known });
  await verbs.writer.admission.mutate(request);
  const problems = binding.validate?.(wish) ?? [];
  if (problems.length > 0) throw invalid({ group: '', kind: 'Binding' }, info.name, problems);
  await verbs.writer.admission.validate(request);
  const modify = (pod: ApiObject): ApiObject => {
    checkBindable(pod, info.name, uid, resourceVersion);
    return bound(pod, wish, world.clock.now());
  };
  await verbs.writer.update(write, info.name, modify, 'none');
  return rendering.status(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}

/** @throws StatusError 409 */
function checkBindable(pod: Readonly<ApiObject>, name: string, uid?: string, resourceVersion?: string): void {
  const of = { group: '', resource: 'pods/binding' };
  const { metadata = {}, spec = {} } = pod;
  if (uid && uid !== metadata.uid)
    throw conflict(of, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) throw conflict(of, name);
  if (metadata.deletionTimestamp)
    throw conflict(of, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (spec.nodeName)
    throw conflict(of, name, `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`);
  if ((spec.schedulingGates ?? []).length > 0)
    throw conflict(of, name, `pod ${name} has non-empty .spec.schedulingGates`);
}

function bound(pod: ApiObject, wish: Readonly<ApiObject>, now: number): ApiObject {
  pod['spec'].nodeName = wish['target'].name;
  const { annotations, labels } = wish.metadata ?? {};
  if (annotations) pod.metadata!.annotations = { ...pod.metadata!.annotations, ...annotations };
  if (labels) pod.metadata!.labels = { ...labels, ...pod.metadata!.labels };
  const status = (pod['status'] ??= {});
  const others = (status.conditions ?? []).filter((condition: { type: string }) => condition.type !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: rfc3339(now) };
  status.conditions = [...others, scheduled];
  return pod;
}
