import { type HttpResponse, rfc3339, type World } from '@keelson/base';
import { type ApiObject, type Resource, selectorFromObject } from '@keelson/model';
import { checkDeleteOptions, type DeleteOptions } from '../request/delete-options.ts';
import type { RequestContext } from '../request/request-context.ts';
import { badRequest, internal, notFound, StatusError } from '../request/status-error.ts';
import { writeOptions } from '../request/write-options.ts';
import { admissionRequest } from '../resources/admission-request.ts';
import type { ResourceVerbs } from '../resources/resource-verbs.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import type { SubresourceHandler } from './subresource-handler.ts';

/** Disrupted pods that a budget remembers (k8s.io/kubernetes eviction.MaxDisruptedPodSize). */
const disruptedLimit = 2000;

/** POST …/pods/{name}/eviction: a deletion that a PodDisruptionBudget may put off with 429 (policy/v1 Eviction). */
export function podEviction(world: World, caches: ResourceCaches): SubresourceHandler {
  return {
    group: '',
    resource: 'pods',
    subresource: 'eviction',
    handle: (context, resource, verbs) => evict(world, caches, context, resource, verbs),
  };
}

async function evict(
  world: World,
  caches: ResourceCaches,
  context: RequestContext,
  resource: Resource,
  verbs: ResourceVerbs,
): Promise<HttpResponse> {
  const { info } = context;
  const options = writeOptions(info.query, 'CreateOptions');
  const rendering = verbs.rendering(context, resource);
  const eviction = verbs.bodyReader(context, resource.subresources['eviction']!, options)();
  if (eviction.metadata?.name && eviction.metadata.name !== info.name)
    throw badRequest('name in URL does not match name in Eviction object');
  const asked = verbs.writeContext(context, resource, options);
  const kind = resource.subresources['eviction']!;
  const request = admissionRequest(asked, { operation: 'CREATE', name: info.name, object: eviction, kind });
  await verbs.writer.admission.mutate(request);
  const deletion = checkDeleteOptions(eviction['deleteOptions'] ?? {});
  await verbs.writer.admission.validate(request);
  const dryRun = options.dryRun || deletion.dryRun;
  const pod = caches.get('', 'pods', info.namespace, info.name);
  if (pod === undefined) throw notFound(resource, info.name);
  let conditions: DeleteOptions = { ...deletion, dryRun };
  if (!goesAnyway(pod)) {
    const budget = budgetOf(caches, pod);
    if (budget !== undefined) {
      const disrupts = await spendBudget(world, context, verbs, budget, pod, dryRun);
      // A pod that was not ready was let go for that: it must not have become ready meanwhile.
      if (!disrupts) conditions = withRevision(conditions, pod);
    }
  }
  const write = { ...verbs.writeContext(context, resource, { dryRun }), admitted: true };
  await verbs.writer.delete({ ...write, subresource: '' }, info.name, conditions);
  return rendering.status(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}

function withRevision(options: DeleteOptions, pod: Readonly<ApiObject>): DeleteOptions {
  const { uid, resourceVersion } = { ...pod.metadata, ...options.preconditions };
  return { ...options, preconditions: { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) } };
}

/** A pod that ended, never started or is going already is nobody's disruption. */
function goesAnyway(pod: Readonly<ApiObject>): boolean {
  const phase = pod['status']?.phase;
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || !!pod.metadata?.deletionTimestamp;
}

interface Budget {
  readonly resource: Resource;
  readonly object: Readonly<ApiObject>;
}

/** The one budget that covers the pod. @throws StatusError 500 when there are several, as upstream does */
function budgetOf(caches: ResourceCaches, pod: Readonly<ApiObject>): Budget | undefined {
  const cache = caches.named('policy', 'poddisruptionbudgets');
  const { namespace = '', labels = {} } = pod.metadata ?? {};
  const covering = (cache?.list(namespace) ?? []).filter((candidate) => {
    const { selector } = candidate.object['spec'] ?? {};
    return selector !== undefined && selectorFromObject(selector).matches(labels);
  });
  if (covering.length > 1)
    throw internal('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  return covering[0] && { resource: cache!.resource, object: covering[0].object };
}

function isReady(pod: Readonly<ApiObject>): boolean {
  const conditions: { type: string; status: string }[] = pod['status']?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/**
 * Takes one disruption from the budget. Returns false when the pod, not being ready, may go without one.
 * @throws StatusError 429
 */
async function spendBudget(
  world: World,
  context: RequestContext,
  verbs: ResourceVerbs,
  budget: Budget,
  pod: Readonly<ApiObject>,
  dryRun: boolean,
): Promise<boolean> {
  const { spec = {}, status = {} } = budget.object;
  if (!isReady(pod)) {
    const healthy = (status.currentHealthy ?? 0) >= (status.desiredHealthy ?? 0) && (status.desiredHealthy ?? 0) > 0;
    if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || healthy) return false;
  }
  const name = budget.object.metadata!.name!;
  const write = { ...verbs.writeContext(context, budget.resource, { dryRun }), subresource: 'status' };
  const modify = (present: ApiObject): ApiObject => spent(world, present, pod.metadata!.name!);
  await verbs.writer.update(write, name, modify, 'status');
  return true;
}

/** The budget after one more disruption. @throws StatusError 429, 403 */
function spent(world: World, budget: ApiObject, podName: string): ApiObject {
  const { metadata = {}, status = {} } = budget;
  const name = metadata.name!;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10);
  const allowed = status.disruptionsAllowed ?? 0;
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedLimit)
    throw new StatusError(
      403,
      'Forbidden',
      `poddisruptionbudgets.policy "${name}" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller`,
    );
  if (allowed <= 0)
    throw refused(
      `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`,
      0,
    );
  const disruptedPods = { ...status.disruptedPods, [podName]: rfc3339(world.clock.now()) };
  budget['status'] = { ...status, disruptionsAllowed: allowed - 1, disruptedPods };
  return budget;
}

function refused(why: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: why }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  });
}
